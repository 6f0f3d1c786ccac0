// SPDX-License-Identifier: BSD-2-Clause
// Fuzz target: the http door's reader and the JSON within. Whatever the octets, and however they come in pieces: the
// same requests, within their bounds; and a login that is understood, or an error that shows nothing of what was
// sent.
#include <algorithm>

#include "base/http_request.h"
#include "doors.h"
#include "http_door/conversation.h"
#include "http_door/login_attempt.h"

namespace mailweir {
namespace {

using fuzz::must;

void look_at(const HttpRequest& request) {
  must(request.body.size() <= HttpRequestReader::most_body && request.target.size() <= HttpRequestReader::most_head);
  must(request.fields.size() <= 64);
  static_cast<void>(request.parameter("command"));
  for (const bool report : {false, true}) {
    const auto attempt = parse_login_attempt(request.body, report);
    if (attempt) must(attempt->login.size() <= 512 && is_utf8(attempt->login));
    else must(attempt.error().what.size() < 100);
    if (attempt) must(to_json({-1, attempt->login}).find_first_of("\r\n") == std::string::npos);
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

// What the door answers.
std::string answers(std::string_view text, std::size_t piece) {
  fuzz::Doors doors;
  HttpDoorStats stats;
  OnceAMinute bad_lines, login_lines;
  const HttpDoor door{doors.services, doors.policy, {}, stats, {}, bad_lines, login_lines};
  HttpConversation conversation(door);
  auto said = doors.hear(conversation, text, piece);
  must(said.empty() || said.starts_with("HTTP/1.1 "));
  for (const char c : said) must(static_cast<unsigned char>(c) >= ' ' || c == '\r' || c == '\n');
  // Who sends the body at once is not told to go on.
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  for (auto at = said.find(go_on); at != said.npos; at = said.find(go_on)) said.erase(at, go_on.size());
  return said;
}

}  // namespace

const std::size_t fuzz::changes = 10'000;

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  const auto whole = read(text, text.size());
  // A head that is too long is seen earlier when it comes in pieces: bounded by those, the rest is the same.
  if (whole.find('!') == whole.npos) must(read(text, 7) == whole && answers(text, 7) == answers(text, 64 << 10));
  else static_cast<void>(read(text, 7));
  return 0;
}
