// SPDX-License-Identifier: BSD-2-Clause
#include "http_door/conversation.h"

#include <string>

#include "base/log.h"
#include "base/text.h"

namespace mailweir {
namespace {

// Takes as long whatever the first wrong byte is, so that the token cannot be found byte by byte.
bool same_secret(std::string_view shown, std::string_view secret) {
  std::size_t differ = shown.size() ^ secret.size();
  for (std::size_t i = 0; i < shown.size(); ++i)
    differ |= static_cast<unsigned char>(shown[i]) ^ static_cast<unsigned char>(secret[i % secret.size()]);
  return differ == 0;
}

// As auth_policy_server_api_header sends it: alone in X-API-Key, or "Authorization: Bearer TOKEN".
bool shows(const HttpRequest& request, std::string_view token) {
  if (token.empty()) return true;
  auto shown = request.field("x-api-key");
  if (shown.empty()) {
    shown = request.field("authorization");
    constexpr std::string_view scheme = "bearer ";
    if (!starts_folded(shown, scheme)) return false;
    shown = trimmed(shown.substr(scheme.size()));
  }
  return same_secret(shown, token);
}

}  // namespace

bool HttpConversation::received(std::string_view bytes, Output& out) {
  const auto now = door_.services.clock.steady();
  if (reader_.empty() && !waiting_) begun_ = now;
  waiting_ = true;
  reader_.add(bytes);
  for (;;) {
    auto next = reader_.next();
    if (next.refusal) return refuse(*next.refusal, out);
    if (!next.request) break;
    begun_ = now;
    waiting_ = !reader_.empty();
    if (!answer(*next.request, out)) return false;
  }
  if (reader_.wants_continue()) out.buffer() += "HTTP/1.1 100 Continue\r\n\r\n";
  if (!waiting_ || now - begun_ < door_.limits.whole) return true;
  return refuse({400, "the request came in too slowly"}, out);
}

void HttpConversation::closed(std::string_view why) {
  if (waiting_) log_bad("the connection ended in the middle of a request: " + std::string(why));
}

bool HttpConversation::silent(Output&) {
  if (waiting_) log_bad("the request stopped in the middle");
  waiting_ = false;
  return false;
}

// False: the connection is to be closed.
bool HttpConversation::answer(const HttpRequest& request, Output& out) {
  ++door_.stats.requests;
  if (!shows(request, door_.token)) {
    ++door_.stats.unauthorized;
    if (door_.bad_lines.due("token", door_.services.clock.steady()))
      Event("http-unauthorized")
          .with("reason", "the request does not show [http] token")
          .to(door_.services.log, Severity::warning);
    out.buffer() += http_answer(401, "{}", false);
    return false;
  }
  const auto command = request.parameter("command");
  if (command != "allow" && command != "report") return refuse({404, "command is neither allow nor report"}, out);
  if (request.method != "POST") return refuse({405, "the method is not POST"}, out);
  const bool report = command == "report";
  const auto attempt = parse_login_attempt(request.body, report);
  if (!attempt) return refuse({400, attempt.error().what}, out);
  try {
    if (report) session_.report(*attempt);
    out.buffer() += http_answer(200, to_json(report ? LoginAnswer() : session_.allow(*attempt)), request.keep_open);
    return request.keep_open;
  } catch (const std::exception& failure) {
    // The daemon lives, and Dovecot goes on as if it had not asked.
    Event("http-exception").with("reason", failure.what()).to(door_.services.log, Severity::error);
    out.buffer() += http_answer(500, "{}", false);
    return false;
  }
}

bool HttpConversation::refuse(const HttpRefusal& refusal, Output& out) {
  waiting_ = false;
  log_bad(refusal.why);
  out.buffer() += http_answer(refusal.status, "{}", false);
  return false;
}

void HttpConversation::log_bad(std::string_view why) {
  ++door_.stats.bad_requests;
  const auto left_out = door_.bad_lines.due(std::string(why), door_.services.clock.steady());
  if (left_out) Event("bad-http-request").with("reason", why).to(door_.services.log, Severity::warning);
}

}  // namespace mailweir
