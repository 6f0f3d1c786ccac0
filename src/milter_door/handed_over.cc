// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/handed_over.h"

#include "base/log.h"

namespace mailweir {

MilterAnswer HandedOver::judge_at_data(Effects& effects) {
  const Policy& policy = session_.policy();
  const Client& client = session_.client();
  if (!policy.has_policy_door || client.origin == Origin::local || !client.port) return {};
  for (const Stage stage : {Stage::connect, Stage::helo, Stage::mail, Stage::rcpt, Stage::data}) {
    if (policy.judges(Door::milter, stage)) continue;
    std::vector<Address> recipients;
    if (stage == Stage::rcpt) recipients = recipients_not_asked();
    if (stage == Stage::rcpt ? recipients.empty() : services_.board.was_asked(client, stage, session_.transaction()))
      continue;
    MilterAnswer answer;
    if (stage <= Stage::helo && judged_[index(stage)]) {
      answer = answer_again(*judged_[index(stage)]);
    } else {
      ++services_.stats.not_handed_over;
      log_not_asked(stage);
      answer = stage == Stage::rcpt ? judge_recipients(recipients, effects) : judge(stage, effects);
    }
    if (!answer.goes_on()) return answer;
  }
  return {};
}

MilterAnswer HandedOver::judge_at_end(Effects& effects) {
  const Client& client = session_.client();
  if (!client.port || services_.board.was_asked(client, Stage::end_of_message, session_.transaction())) return {};
  ++services_.stats.not_handed_over;
  return judge(Stage::end_of_message, effects);
}

MilterAnswer HandedOver::judge(Stage stage, Effects& effects) {
  const Verdict verdict = session_.judge(stage);
  session_.log_verdict(verdict);
  if (stage <= Stage::helo) judged_[index(stage)].emplace(verdict, session_);
  effects.join(Effects(verdict.effects));
  return answer_of(verdict, session_.transaction());
}

// One recipient can't be refused any more: the message is.
MilterAnswer HandedOver::judge_recipients(const std::vector<Address>& recipients, Effects& effects) {
  Transaction& transaction = session_.transaction();
  for (const auto& recipient : recipients) {
    transaction.recipient = recipient;
    MilterAnswer answer = judge(Stage::rcpt, effects);
    if (!answer.goes_on()) return answer;
    session_.recipient_accepted();
  }
  transaction.recipient = transaction.only_recipient();
  return {};
}

// Each message that is refused has the reason among its lines.
MilterAnswer HandedOver::answer_again(const KeptVerdict& kept) {
  if (kept.verdict.refuses() && !kept.was_told(session_)) session_.log_verdict(kept.verdict);
  return answer_of(kept.verdict, session_.transaction());
}

std::vector<Address> HandedOver::recipients_not_asked() {
  Transaction& transaction = session_.transaction();
  const Address before = transaction.recipient;
  std::vector<Address> all;
  for (const Address& recipient : transaction.recipients) {
    transaction.recipient = recipient;
    if (!services_.board.was_asked(session_.client(), Stage::rcpt, transaction)) all.push_back(recipient);
  }
  transaction.recipient = before;
  return all;
}

void HandedOver::log_not_asked(Stage stage) {
  Event("stage-not-asked")
      .with("queue_id", session_.transaction().queue_id)
      .with("id", session_.transaction().id)
      .with("stage", to_string(stage))
      .with("reason",
            "Postfix did not ask the policy door; is a permit before check_policy_service? Judged at DATA instead")
      .to(services_.log, Severity::notice);
}

}  // namespace mailweir
