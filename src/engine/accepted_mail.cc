// SPDX-License-Identifier: BSD-2-Clause
#include "engine/accepted_mail.h"

#include <iterator>

#include "base/text.h"
#include "engine/bounce_share.h"
#include "engine/evaluation.h"
#include "mail/headers.h"
#include "rule/limit_key.h"

namespace mailweir {
namespace {

std::string message_id_of(const HeaderList* headers) {
  if (headers == nullptr) return {};
  const auto values = headers->values("Message-ID");
  return values.size() == 1 ? std::string(trimmed(values.front())) : std::string();
}

// One call for all.
void charge_shares(const Policy& policy, std::vector<CountedFor>& counted, std::uint64_t recipients, Ledger& ledger) {
  std::vector<Charge> all;
  std::vector<CountedFor*> of;
  for (const Stage stage : all_stages) {
    for (const Rule& rule : policy.at(stage)) {
      if (!rule.limit || rule.limit->shares.empty()) continue;
      for (CountedFor& one : counted) {
        if (one.rule != rule.name) continue;
        one.accepted = share_charges(*rule.limit, one.counter, one.key, recipients);
        for (Charge& charge : one.accepted) charge.stranger = one.stranger;
        all.insert(all.end(), one.accepted.begin(), one.accepted.end());
        of.push_back(&one);
      }
    }
  }
  if (all.empty()) return;
  const auto charged = ledger.charge(all);
  std::size_t slot = 0;
  for (CountedFor* one : of) {
    std::size_t slots = 0;
    for (const Charge& charge : one->accepted) slots += charge.windows.size();
    if (!charged || !charged->taken || charged->receipt.slots.size() < slot + slots) {
      one->accepted.clear();
    } else {
      const auto begin = charged->receipt.slots.begin() + static_cast<std::ptrdiff_t>(slot);
      one->receipt = {{begin, begin + static_cast<std::ptrdiff_t>(slots)}, charged->receipt.store};
    }
    slot += slots;
  }
}

}  // namespace

AcceptedMessage accepted_message(const Policy& policy, Facts& facts, const Client& client,
                                 const Transaction& transaction, Ledger& ledger, WallTime now) {
  AcceptedMessage message;
  message.queue_id = transaction.queue_id;
  message.id = transaction.id;
  message.message_id = message_id_of(transaction.headers);
  message.sender = transaction.sender.text();
  message.login = transaction.sasl_username;
  if (client.address) message.client_address = client.address->to_string();
  message.time = now;
  for (const Address& recipient : transaction.recipients) message.recipients.push_back(recipient.text());
  bool has_scope = false;
  if (policy.suppress.count() > 0) message.scope = key_of(facts, policy.suppress_by, 32, 64, has_scope);
  if (!has_scope) message.scope.clear();
  Evaluation evaluation;
  for (const Stage stage : all_stages) {
    for (const Rule& rule : policy.at(stage)) {
      if (!rule.limit || rule.limit->of != Quantity::bounces) continue;
      bool known = false;
      std::string key = key_of(facts, rule.limit->by, rule.limit->prefix4, rule.limit->prefix6, known);
      if (!known || evaluation.ask(rule, facts, Evaluation::Keep::nothing) != Holds::yes) continue;
      message.counted_for.push_back({rule.name, counter_of(rule), std::move(key), facts.is_of_stranger(), {}, {}});
    }
  }
  charge_shares(policy, message.counted_for, message.recipients.size(), ledger);
  return message;
}

}  // namespace mailweir
