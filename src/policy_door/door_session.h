// SPDX-License-Identifier: BSD-2-Clause
// PolicyDoorSession: what Postfix asks the policy door over one connection, as mail: requests in, actions out. Knows no
// bytes and no socket.
//
// Postfix's smtpd keeps the connection over many SMTP sessions and messages: `client_address` and `client_port` tell
// sessions apart, `instance` messages. The same request asked twice gets the same answer and is charged once. One
// thread at a time.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "engine/session.h"
#include "policy_door/door.h"
#include "policy_door/policy_message.h"
#include "policy_door/request.h"

namespace mailweir {

class PolicyDoorSession {
 public:
  explicit PolicyDoorSession(const PolicyDoor& door) : door_(door), message_(door.limits.memory) {}
  ~PolicyDoorSession();
  PolicyDoorSession(const PolicyDoorSession&) = delete;
  PolicyDoorSession& operator=(const PolicyDoorSession&) = delete;

  // The action for a request, without "action=" and line ends.
  std::string answer(const PolicyRequest& request);
  // The connection has been silent for a while: the message is as good as over, its line is written.
  void idle();

 private:
  bool same_session(const PolicyRequest& request) const;
  void new_session(const PolicyRequest& request);
  void begin_message(const PolicyRequest& request);
  void end_message();
  void log_message();
  void read(const PolicyRequest& request, Stage stage);
  std::string judge_up_to(Stage stage);
  const Verdict& judge_once(Stage stage);
  void tell_milter(Stage stage);
  void pass_over(Stage answered, Stage asked);
  void note_refusal(Stage stage);
  std::string not_judged(std::string_view state);
  std::string too_long(const PolicyRequest& request) const;
  std::string tell_refusal(Stage stage, std::string action);

  const PolicyDoor& door_;
  std::unique_ptr<Session> session_;
  std::string client_key_, helo_;
  std::string instance_;                          // of the message asked about last
  std::array<std::optional<Verdict>, 2> judged_;  // connect and helo
  bool told_not_judged_ = false;
  PolicyMessage message_;
};

}  // namespace mailweir
