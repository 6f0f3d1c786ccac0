// SPDX-License-Identifier: BSD-2-Clause
// SocketmapConversation: a connection of the socketmap door: netstrings into lookups, a SocketmapDoorSession's answers
// into netstrings. Knows no socket. What is no netstring is logged and ends the connection, without an answer.
#pragma once

#include "base/request_conversation.h"
#include "socketmap_door/door_session.h"
#include "socketmap_door/netstring.h"

namespace mailweir {

// Of a request: the name of a map and a key. socketmap_table(5) has 100,000 bytes; but a key is an address or a host,
// and Postfix takes no line longer than 2,048 (line_length_limit).
inline constexpr std::size_t largest_socketmap_request = 4096;

class SocketmapConversation final : public RequestConversation {
 public:
  explicit SocketmapConversation(const SocketmapDoor& door)
      : RequestConversation(door.clock, door.limits.partial), door_(door), session_(door) {}

 private:
  bool take(std::string_view bytes, Output& out) override;
  bool inside() const override { return !reader_.empty(); }
  std::chrono::milliseconds patience_between() const override { return door_.limits.idle; }
  bool silent_between() override { return false; }
  void log_bad(std::string_view why) override;

  const SocketmapDoor& door_;
  SocketmapDoorSession session_;
  NetstringReader reader_{largest_socketmap_request};
};

}  // namespace mailweir
