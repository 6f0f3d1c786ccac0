// SPDX-License-Identifier: BSD-2-Clause
#include "socketmap_door/conversation.h"

#include "base/log.h"

namespace mailweir {
namespace {

constexpr std::size_t most_unsent = 64 << 10;

}  // namespace

bool SocketmapConversation::take(std::string_view bytes, Output& out) {
  for (;;) {
    const auto request = reader_.next(bytes);
    if (!request) {
      log_bad(request.error().what);
      return false;
    }
    if (!*request) return true;
    request_is_whole();
    append_netstring(out.buffer(), session_.answer(**request));
    // Who asks much at once and takes no answers does not fill our memory.
    if (out.buffer().size() > most_unsent && !out.flush()) return false;
  }
}

void SocketmapConversation::log_bad(std::string_view why) {
  ++door_.stats.bad_requests;
  Event("bad-socketmap-request")
      .with("reason", why)
      .with("answer", "none, connection closed")
      .to(door_.log, Severity::warning);
}

}  // namespace mailweir
