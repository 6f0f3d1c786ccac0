// SPDX-License-Identifier: BSD-2-Clause
// HttpRequest: what Dovecot's client sends, read out of the bytes of one connection: HTTP/1.1 with a Content-Length (RFC
// 9112), and no more of HTTP than that. Bounds: 8 KiB of head, 16 KiB of body.
//
// HttpRequestReader knows no socket; one thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mailweir {

struct HttpRequest {
  std::string method, target;                                   // "POST", "/?command=allow"
  std::vector<std::pair<std::string, std::string>> fields;      // names folded, values trimmed
  std::string body;
  bool keep_open = true;                                        // the connection, after the answer

  std::string_view field(std::string_view name) const;          // by its folded name; "" when there is none
  std::string_view parameter(std::string_view name) const;      // of the target's query, as written; "" when there is none
};

// What is wrong with a request: the status to answer, and why. The connection is closed after it.
struct HttpRefusal {
  int status = 400;
  std::string why;
};

class HttpRequestReader {
 public:
  static constexpr std::size_t most_head = 8 << 10, most_body = 16 << 10;

  void add(std::string_view bytes) { buffer_ += bytes; }
  // The next whole request, if there is one; nothing either way: more bytes are needed.
  struct Next {
    std::optional<HttpRequest> request;
    std::optional<HttpRefusal> refusal;
  };
  Next next();
  bool empty() const { return buffer_.empty(); }
  // The client waits to be told that it may send the body (Expect: 100-continue); asked once for each request.
  bool wants_continue() { return std::exchange(wants_continue_, false); }

 private:
  std::optional<HttpRefusal> read_head(std::string_view head);
  std::optional<HttpRefusal> read_field(std::string_view line);

  std::string buffer_;
  std::optional<HttpRequest> started_;   // its head is read
  std::optional<std::size_t> length_;    // of its body
  bool wants_continue_ = false;
};

// An answer with a JSON body.
std::string http_answer(int status, std::string_view body, bool keep_open);

}  // namespace mailweir
