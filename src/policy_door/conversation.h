// SPDX-License-Identifier: BSD-2-Clause
// PolicyConversation: one connection of the policy door: requests in, actions out. Knows no socket.
//
// Postfix's smtpd keeps the connection over many sessions and messages: `client_address` and `client_port` tell
// sessions apart, `instance` messages. The same request asked twice gets the same answer and is charged once. One
// thread at a time.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/guarded.h"
#include "base/memory_budget.h"
#include "base/text.h"
#include "engine/session.h"
#include "policy_door/request.h"

namespace mailweir {

class PolicyConversation {
 public:
  // `memory`: of all connections; null: unbounded.
  PolicyConversation(Services& services, const Snapshot<Policy>& policy, MemoryBudget* memory = nullptr)
      : services_(services), policy_(policy), memory_(memory) {}
  ~PolicyConversation();

  // The action for a request, without "action=" and line ends.
  std::string answer(const PolicyRequest& request);
  // The connection has been silent for a while: the message is as good as over, its line is written.
  void idle();

 private:
  static constexpr std::size_t most_answer_bytes = 8 << 20;  // remembered for one message: some 40,000 recipients

  bool same_session(const PolicyRequest& request) const;
  void new_session(const PolicyRequest& request);
  void begin_message(const PolicyRequest& request);
  void end_message();
  void read(const PolicyRequest& request, Stage stage);
  std::string judge_up_to(Stage stage);
  void tell_milter(Stage stage);
  std::string not_judged(std::string_view state);
  std::string too_long(const PolicyRequest& request) const;
  std::string tell_refusal(Stage stage, std::string action);
  const Verdict& judge_once(Stage stage);
  void note_refusal(Stage stage);
  // As far as we know: we did not refuse it, nor all of its recipients.
  bool taken() const { return !refused_ && (recipient_taken_ || !recipient_refused_); }

  Services& services_;
  const Snapshot<Policy>& policy_;
  std::unique_ptr<Session> session_;
  std::string client_key_, instance_, sender_, helo_;
  std::array<std::optional<Verdict>, stage_count> judged_;  // connect and helo for the session, mail for the message
  std::unordered_map<std::string, std::string, TextHash> answers_;  // stage and recipient -> action
  MemoryShare memory_;                                              // what they take
  bool logged_ = false, asked_ = false, told_not_judged_ = false;
  bool refused_ = false;                                      // at MAIL, at DATA or later
  bool recipient_taken_ = false, recipient_refused_ = false;  // any of them
};

}  // namespace mailweir
