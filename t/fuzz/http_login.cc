// SPDX-License-Identifier: BSD-2-Clause
// Fuzz target: the http door's reader and the JSON within. Whatever the octets, and however they come in pieces: the same
// requests, within their bounds; and a login that is understood, or an error that shows nothing of what was sent.
#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "http_door/login_attempt.h"
#include "http_door/request.h"
#include "target.h"

namespace mailweir {
namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void look_at(const HttpRequest& request) {
  must(request.body.size() <= HttpRequestReader::most_body && request.target.size() <= HttpRequestReader::most_head);
  must(request.fields.size() <= 64);
  static_cast<void>(request.parameter("command"));
  for (const bool report : {false, true}) {
    const auto attempt = parse_login_attempt(request.body, report);
    if (attempt) must(attempt->login.size() <= 512 && is_utf8(attempt->login));
    else must(attempt.error().what.size() < 100);
    if (attempt) must(login_answer(-1, attempt->login).find_first_of("\r\n") == std::string::npos);
  }
}

// The requests, in one text, up to the first that is refused.
std::string read(std::string_view text, std::size_t piece) {
  HttpRequestReader reader;
  std::string all;
  while (!text.empty()) {
    const auto size = std::min(piece, text.size());
    reader.add(text.substr(0, size));
    text.remove_prefix(size);
    for (;;) {
      const auto next = reader.next();
      must(!next.request || !next.refusal);
      if (next.refusal) return all + '!' + std::to_string(next.refusal->status);
      if (!next.request) break;
      look_at(*next.request);
      all += next.request->method + ' ' + next.request->target + ' ' + next.request->body + '\n';
    }
  }
  return all;
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  const auto post = [](const std::string& command, const std::string& body) {
    return "POST /?command=" + command + " HTTP/1.1\r\nHost: 127.0.0.1:10027\r\nDate: x\r\nContent-Type: application/json\r\nX-API-Key: token\r\n"
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  const std::string known = R"({"device_id":"","login":"alice@example.com","protocol":"smtp","pwhash":"08fb","remote":"192.0.2.7","session_id":""})";
  const std::string failed = R"({"login":"\u00e4\"\\","remote":"2001:db8::1","success":false,"policy_reject":true,"fail_type":"internal"})";
  return {post("allow", known), post("report", failed), post("report", failed) + post("allow", known),
          "GET / HTTP/1.0\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n", post("allow", "[[[[{\"login\":{}}]]]]")};
}

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = read(text, text.size());
  // A head that is too long is seen earlier when it comes in pieces: bounded by those, the rest is the same.
  if (whole.find('!') == whole.npos) must(read(text, 7) == whole);
  else static_cast<void>(read(text, 7));
  return 0;
}
