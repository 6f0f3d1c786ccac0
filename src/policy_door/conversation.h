// SPDX-License-Identifier: BSD-2-Clause
// PolicyConversation: a connection of the policy door: bytes into requests, a PolicyDoorSession's actions into bytes.
// Knows no socket. What makes no sense is logged and ends the connection, without an answer.
#pragma once

#include "base/clock.h"
#include "base/conversation.h"
#include "policy_door/door_session.h"
#include "policy_door/request.h"

namespace mailweir {

class PolicyConversation final : public Conversation {
 public:
  explicit PolicyConversation(const PolicyDoor& door) : door_(door), session_(door) {}

  bool received(std::string_view bytes, Output& out) override;
  void closed(std::string_view why) override;
  std::chrono::milliseconds patience() const override;
  bool silent(Output& out) override;

 private:
  bool answer_all(Output& out);
  void log_bad(std::string_view why);

  const PolicyDoor& door_;
  PolicyDoorSession session_;
  PolicyRequestReader reader_;
  std::chrono::milliseconds silent_{0};
  SteadyTime begun_{};  // of the request that is coming in
  bool whole_ = false;  // one was whole among the bytes just read
};

}  // namespace mailweir
