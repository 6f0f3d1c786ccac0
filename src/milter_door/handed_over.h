// SPDX-License-Identifier: BSD-2-Clause
// HandedOver: the stages of a session that the policy door should judge. What Postfix did not ask there, because a
// permit stood before check_policy_service in main.cf, is judged here, at DATA and at the end of the message.
//
// Owned by one MilterDoorSession; the services and the session outlive it.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "engine/session.h"
#include "milter_door/kept_verdict.h"
#include "milter_door/milter_answer.h"

namespace mailweir {

class HandedOver {
 public:
  HandedOver(Services& services, Session& session) : services_(services), session_(session) {}

  // A HELO came: it is judged anew.
  void forget_helo() { judged_[index(Stage::helo)].reset(); }
  // What these judge joins `effects`. The first answer that does not let the message go on is the answer.
  MilterAnswer judge_at_data(Effects& effects);
  MilterAnswer judge_at_end(Effects& effects);

 private:
  MilterAnswer judge(Stage stage, Effects& effects);
  MilterAnswer judge_recipients(const std::vector<Address>& recipients, Effects& effects);
  MilterAnswer answer_again(const KeptVerdict& kept);
  std::vector<Address> recipients_not_asked();
  void log_not_asked(Stage stage);

  Services& services_;
  Session& session_;
  std::array<std::optional<KeptVerdict>, 2> judged_;  // connect, helo
};

}  // namespace mailweir
