// SPDX-License-Identifier: BSD-2-Clause
#include "engine/bounce_count.h"

#include <algorithm>

#include "base/text.h"
#include "delivery/bounce_kind.h"
#include "engine/alert_edges.h"
#include "engine/bounce_share.h"
#include "engine/limit_charge.h"
#include "engine/mail_log.h"

namespace mailweir {
namespace {

const Rule* rule_of(const Policy& policy, const CountedFor& counted) {
  for (const Stage stage : all_stages)
    for (const Rule& rule : policy.at(stage))
      if (rule.name == counted.rule)
        return rule.limit && rule.limit->of == Quantity::bounces && counter_of(rule) == counted.counter ? &rule
                                                                                                        : nullptr;
  return nullptr;
}

// The recipient is taken back from those that did not bounce.
void take_back(const CountedFor& counted, Ledger& ledger, std::string_view id) {
  if (counted.accepted.size() != 2) return;
  Charge charge = counted.accepted.back();
  charge.amount = 1;
  const auto windows = charge.windows.size();
  if (counted.receipt.slots.size() != windows * 2) return;
  Receipt receipt{{counted.receipt.slots.end() - static_cast<std::ptrdiff_t>(windows), counted.receipt.slots.end()},
                  counted.receipt.store};
  ledger.keep({&charge, 1}, receipt);
  ledger.refund(id);
}

void ask(const Rule& rule, const CountedFor& counted, const MailboxSpelling& spelling, Judgement& judgement) {
  const auto add = [&](Charge charge, Asking::Part part) {
    charge.stranger = counted.stranger;
    charge.enforce = false;  // it has happened
    charge.dispensable = true;
    judgement.asked.push_back({&rule, std::move(charge), 0, {}, {}, false, part});
  };
  Charge whole;
  whole.limit = counted.counter;
  whole.key = counted.key;
  whole.windows = windows_for(*rule.limit, counted.key, spelling);
  if (!whole.windows.empty()) add(std::move(whole), Asking::Part::whole);
  auto shares = share_charges(*rule.limit, counted.counter, counted.key, 0);
  if (shares.size() != 2) return;
  add(std::move(shares[0]), Asking::Part::accepted);
  add(std::move(shares[1]), Asking::Part::not_bounced);
}

// Whose charges have been answered.
void note_levels(Judgement& judgement, std::vector<Charge>& charges, const Charged& charged) {
  auto total = charged.totals.begin();
  for (std::size_t i = 0; i < charges.size(); ++i) {
    Asking& asking = judgement.asked[i];
    asking.charge = std::move(charges[i]);
    asking.level = charged.levels[i];
    const auto left = charged.totals.end() - total;
    const auto end = total + std::min(left, static_cast<std::ptrdiff_t>(asking.charge.windows.size()));
    if (asking.part != Asking::Part::whole || asking.rule->limit->warn_at > 0) asking.totals.assign(total, end);
    total = end;
  }
  settle_shares(judgement.asked);
}

// What the rules that are over would do if the message came now: for their alerts.
Verdict verdict_of(Judgement& judgement) {
  Verdict verdict;
  for (const Asking& asking : judgement.asked) {
    if (asking.part != Asking::Part::not_bounced)
      verdict.used.push_back({asking.rule->name, asking.charge.key, asking.charge.windows[asking.level.window],
                              asking.level.count, asking.level.over, asking.level.share.has_value()});
    auto& rules = asking.rule->shadow ? verdict.shadowed : verdict.fired;
    if (!asking.level.over || std::ranges::find(rules, asking.rule) != rules.end()) continue;
    rules.push_back(asking.rule);
    judgement.held.push_back({asking.rule, {}});
  }
  return verdict;
}

}  // namespace

void BounceCount::happened(const DeliveryEvent& event) {
  for (const Outcome& outcome : messages_.note(event)) {
    suppress(outcome);
    if (outcome.status == DeliveryEvent::Status::sent) ++stats_.delivered;
    else if (outcome.remote) bounced(outcome);  // else a refusal of our own server's
  }
}

void BounceCount::suppress(const Outcome& outcome) {
  const std::string& scope = outcome.message->scope;
  if (services_.suppressions == nullptr || scope.empty()) return;
  if (outcome.status == DeliveryEvent::Status::sent) {
    if (services_.suppressions->delivered(scope, outcome.recipient))
      Event("recipient-not-suppressed")
          .with("for", scope)
          .with("recipient", outcome.recipient)
          .with("reason", "a message was delivered")
          .to(services_.log, Severity::notice);
    return;
  }
  const auto keep = policy_.get()->suppress;
  if (keep.count() == 0 || !is_of_dead_mailbox(outcome)) return;
  if (services_.suppressions->bounced(scope, outcome.recipient, outcome.text, services_.clock.wall(), keep))
    Event("recipient-suppressed")
        .with("for", scope)
        .with("recipient", outcome.recipient)
        .with("reason", outcome.text)
        .to(services_.log, Severity::notice);
}

void BounceCount::bounced(const Outcome& outcome) {
  const AcceptedMessage& message = *outcome.message;
  const auto policy = policy_.get();
  const BounceKind kind = bounce_kind(outcome.code, outcome.text);
  ++(kind == BounceKind::hard ? stats_.hard : kind == BounceKind::policy ? stats_.policy : stats_.other);
  ledger_.use(policy->counter_deadline);
  ledger_.callback_begins();
  Judgement judgement;
  for (const CountedFor& counted : message.counted_for) {
    const Rule* rule = rule_of(*policy, counted);
    if (rule == nullptr || !counts(rule->limit->kind, kind)) continue;
    take_back(counted, ledger_, message.id);
    ask(*rule, counted, policy->spelling, judgement);
  }
  Client client;
  client.address = IpAddress::parse(message.client_address);
  Transaction transaction;
  transaction.id = message.id;
  transaction.queue_id = message.queue_id;
  transaction.sasl_username = message.login;
  transaction.sender = Address::parse(message.sender);
  transaction.recipient = Address::parse(outcome.recipient);
  const MailLog::Subject subject{client, transaction};
  const MailLog mail_log(services_.log, Door::milter);
  const std::vector<std::pair<std::string, std::string>> more = {{"kind", std::string(to_string(kind))},
                                                                 {"dsn", outcome.code},
                                                                 {"relay", outcome.relay},
                                                                 {"text", cleaned(outcome.text, false, 300)}};
  if (judgement.asked.empty()) return mail_log.event(subject, "bounce", {}, {}, more);
  std::vector<Charge> charges;
  for (Asking& asking : judgement.asked) charges.push_back(std::move(asking.charge));
  const auto charged = ledger_.charge(charges);
  if (!charged) return mail_log.event(subject, "bounce", {}, charged.error().what, more);
  note_levels(judgement, charges, *charged);
  for (const Asking& asking : judgement.asked)
    if (asking.level.no_room) ledger_.no_room(message.id, asking.rule->name, asking.charge);
  blocked_keys_.begin_of_limits(judgement, message.id);
  Verdict verdict = verdict_of(judgement);
  mail_log.event(subject, "bounce", verdict.used, {}, more);
  verdict.alerts = AlertEdges(services_, ledger_, client, transaction).alerts_of(judgement, verdict);
  mail_log.alerts(subject, verdict, true);
  if (services_.alerts == nullptr) return;
  for (const Alert& alert : verdict.alerts) services_.alerts->raise(alert);
}

}  // namespace mailweir
