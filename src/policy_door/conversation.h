// SPDX-License-Identifier: BSD-2-Clause
// PolicyConversation: a connection of the policy door: bytes into requests, a PolicyDoorSession's actions into bytes.
// Knows no socket. What makes no sense is logged and ends the connection, without an answer.
#pragma once

#include "base/request_conversation.h"
#include "policy_door/door_session.h"
#include "policy_door/request.h"

namespace mailweir {

class PolicyConversation final : public RequestConversation {
 public:
  explicit PolicyConversation(const PolicyDoor& door)
      : RequestConversation(door.services.clock, door.limits.partial), door_(door), session_(door) {}

 private:
  bool take(std::string_view bytes, Output& out) override;
  bool inside() const override { return !reader_.empty(); }
  std::chrono::milliseconds patience_between() const override;
  bool silent_between() override;
  void log_bad(std::string_view why) override;
  bool answer_all(Output& out);

  const PolicyDoor& door_;
  PolicyDoorSession session_;
  PolicyRequestReader reader_;
  std::chrono::milliseconds silent_{0};
};

}  // namespace mailweir
