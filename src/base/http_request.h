// SPDX-License-Identifier: BSD-2-Clause
// HttpRequest: what a client sends, read out of the bytes of one connection: HTTP/1.1 with a Content-Length (RFC 9112),
// and no more of HTTP than that. Bounds: 8 KiB of head, 64 header fields, and a body as the door wants it.
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
  std::string method, target;                               // "POST", "/?command=allow"
  std::vector<std::pair<std::string, std::string>> fields;  // names folded, values trimmed
  std::string body;
  bool keep_open = true;  // the connection, after the answer

  std::string_view field(std::string_view name) const;      // by its folded name; "" when there is none
  std::string_view parameter(std::string_view name) const;  // of the target's query, as written; "" when there is none
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
};

// A value of "name=value&...", as HTML forms write it: "+" is a blank, %XX a byte. Nothing: the name is not there.
std::optional<std::string> form_value(std::string_view form, std::string_view name);

// What is wrong with a request: the status to answer, and why. The connection is closed after it.
struct HttpRefusal {
  int status = 400;
  std::string why;
};

class HttpRequestReader {
 public:
  static constexpr std::size_t most_head = 8 << 10, most_body = 16 << 10;

  // `most`: bytes of body. With `length_needed` a POST must have a Content-Length; else one without it has no body (RFC
  // 9112 6.3).
  explicit HttpRequestReader(std::size_t most = most_body, bool length_needed = true)
      : most_(most), length_needed_(length_needed) {}

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

  std::size_t most_;
  bool length_needed_;
  std::string buffer_;
  std::optional<HttpRequest> started_;  // its head is read
  std::optional<std::size_t> length_;   // of its body
  bool wants_continue_ = false;
};

std::string http_answer(int status, std::string_view body, bool keep_open, std::string_view type = "application/json");

}  // namespace mailweir
