// SPDX-License-Identifier: BSD-2-Clause
#include "policy_door/conversation.h"

#include <algorithm>
#include <string>

#include "base/log.h"

namespace mailweir {
namespace {

constexpr std::chrono::milliseconds message_over{60'000};  // silence after which a message's line is written

}  // namespace

bool PolicyConversation::take(std::string_view bytes, Output& out) {
  silent_ = std::chrono::milliseconds(0);
  while (!bytes.empty()) {
    const auto [at, room] = reader_.room();
    const std::size_t size = std::min(room, bytes.size());
    bytes.copy(at, size);
    bytes.remove_prefix(size);
    reader_.added(size);
    if (!answer_all(out)) return false;
  }
  return true;
}

std::chrono::milliseconds PolicyConversation::patience_between() const {
  return std::min(message_over, door_.limits.idle);
}

bool PolicyConversation::silent_between() {
  session_.idle();
  silent_ += patience();
  return silent_ < door_.limits.idle;
}

// Answers all whole requests that have come; false when the connection is to be closed.
bool PolicyConversation::answer_all(Output& out) {
  for (;;) {
    auto request = reader_.next();
    if (!request) {
      log_bad(request.error().what);
      return false;
    }
    if (!*request) return true;
    ++door_.stats.requests;
    request_is_whole();
    std::string action;
    try {
      action = session_.answer(**request);
    } catch (const std::exception& failure) {
      // No answer: Postfix uses its default action (a 451). The daemon lives.
      Event("policy-exception").with("reason", failure.what()).to(door_.services.log, Severity::error);
      return false;
    }
    out.buffer() += "action=";
    out.buffer() += action;
    out.buffer() += "\n\n";
  }
}

void PolicyConversation::log_bad(std::string_view why) {
  ++door_.stats.bad_requests;
  Event("bad-policy-request")
      .with("reason", why)
      .with("answer", "none, connection closed")
      .to(door_.services.log, Severity::warning);
}

}  // namespace mailweir
