// SPDX-License-Identifier: BSD-2-Clause
#include "engine/session.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <utility>

#include "base/duration.h"
#include "engine/accepted_mail.h"
#include "engine/block_facts.h"
#include "engine/bounce_share.h"
#include "engine/limit_charge.h"
#include "engine/suppressed_facts.h"
#include "engine/verdict_of.h"
#include "engine/walk_rules.h"
#include "engine/witness.h"
#include "fact/blocked.h"
#include "fact/suppressed.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

// What explain says of a count: "3", "2 different client_country".
std::string counted_of(const Limit& limit, const Level& level) {
  std::string text = std::to_string(level.count);
  if (limit.of == Quantity::distinct) text += " different " + limit.distinct->name;
  if (limit.of == Quantity::first_time_recipients) text += " first-time recipients";
  return text;
}

std::string outcome_of(const Asking& asking) {
  const Level& level = asking.level;
  if (level.no_room) return "not limited: the counters in memory have no room for its key";
  if (asking.is_block())
    return "its key is blocked: " + asking.charge.key + ", for another " + rough_duration(level.retry_after);
  return std::string(level.share  ? "over this node's share of its limit"
                     : level.over ? "over its limit"
                                  : "within its limit") +
         ": " + counted_of(*asking.rule->limit, level) + " of " +
         in_words(asking.charge.windows[level.window], asking.rule->limit->of) + " for " +
         (asking.rule->limit->by.empty() ? "all" : asking.charge.key);
}

bool is_among(const std::vector<const Rule*>& rules, const Rule* rule) {
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

}  // namespace

Session::Session(Services& services, PolicyPtr policy, Door door)
    : services_(services), policy_(std::move(policy)), door_(door),
      facts_(client_, state_.mail, door, services.resolver), ledger_(services),
      block_facts_(std::make_unique<BlockFacts>(facts_, ledger_)),
      suppressed_facts_(std::make_unique<SuppressedFacts>(facts_, services.suppressions)),
      blocked_keys_(services, ledger_), alert_edges_(services, ledger_, client_, state_.mail),
      mail_log_(services.log, door) {
  facts_.verify_with(services.verification);
  facts_.hand_in(blocked_family, *block_facts_);
  facts_.hand_in(suppressed_family, *suppressed_facts_);
  use(*policy_);
}

Session::~Session() {
  try {
    ledger_.callback_begins();
    if (state_.open) end_transaction(false);
    ledger_.release();
  } catch (const std::exception&) {
    ++services_.stats.counter_errors;  // a lease that was not released expires
  }
}

void Session::use(const Policy& policy) {
  facts_.use(policy);
  block_facts_->use(policy);
  suppressed_facts_->use(policy);
  ledger_.use(policy.counter_deadline);
}

void Session::helo_changed() { facts_.forget_helo(); }

void Session::begin_transaction(PolicyPtr policy) {
  if (state_.open) end_transaction(false);
  policy_ = std::move(policy);
  use(*policy_);
  state_.open = true;
  name_transaction();
  ++services_.stats.transactions;
}

// What is judged before MAIL has the id of the transaction that comes next: one search finds both.
void Session::name_transaction() {
  if (state_.mail.id.empty()) state_.mail.id = new_transaction_id(services_.clock.wall());
}

// One spelling in conditions, keys and lookups, however the MTA and the client wrote a name.
void Session::spell_names() {
  for (std::string* name : {&client_.name, &client_.reverse_name, &client_.helo_name})
    name->resize(without_last_dot(*name).size());
}

void Session::end_transaction(bool taken) {
  if (taken) ledger_.forget();
  else ledger_.refund(state_.mail.id);
  state_ = TransactionState();
  facts_.forget_transaction();
  skips_.transaction_ends();
}

Verdict Session::judge(Stage stage, Trace* trace) {
  const auto start = services_.clock.steady();
  Trace own;
  if (trace == nullptr && services_.witness != nullptr) trace = &own;
  name_transaction();
  spell_names();
  if (stage == Stage::rcpt) skips_.recipient_begins();
  facts_.stage(stage, Deadline::in(policy_->dns_deadline));
  facts_.now(services_.clock.wall());
  facts_.skip(skips_.off(stage));
  start_early(*policy_, stage, facts_);
  Verdict verdict;
  if (const auto& rest = state_.just_blocked; rest && stage >= Stage::mail) {
    verdict = refusal_of_blocked(*rest->rule, rest->key, rest->left, stage, facts_);
  } else {
    const Judgement judgement = ask_rules(stage, verdict, trace);
    begin_blocks(judgement, verdict);
    raise_alerts(judgement, verdict);
  }
  if (!verdict.blocked.empty()) ++services_.stats.blocked;
  ++services_.stats.verdicts[index(stage)][static_cast<std::size_t>(verdict.action)];
  verdict.took = std::chrono::duration_cast<std::chrono::microseconds>(services_.clock.steady() - start);
  state_.took += verdict.took;
  state_.note_used(verdict.used);
  if (services_.witness != nullptr) services_.witness->judged(*this, verdict, *trace);
  return verdict;
}

// The rules are walked first, limits taken as free. If the walk ends in a refusal only attempts are charged; else the
// limits reached are charged in one call, all or none, and the first over in rule order decides.
Judgement Session::ask_rules(Stage stage, Verdict& verdict, Trace* trace) {
  Judgement judgement = walk_rules(*policy_, stage, facts_, skips_, trace);
  Verdict asked;
  charge(stage, judgement, asked, trace);
  verdict = verdict_of(judgement, stage, facts_);
  verdict.used = std::move(asked.used);
  for (const Rule* rule : verdict.shadowed) rule->hits->shadow.fetch_add(1, std::memory_order_relaxed);
  return judgement;
}

void Session::charge(Stage stage, Judgement& judgement, Verdict& verdict, Trace* trace) {
  const bool refused = judgement.refuses();
  std::vector<Charge> charges;
  std::vector<Asking*> asked;
  for (auto& asking : judgement.asked) {
    if (refused && !asking.charge.attempts) continue;
    asked.push_back(&asking);
    charges.push_back(std::move(asking.charge));
  }
  if (charges.empty()) return;
  const auto charged = ledger_.charge(charges);
  if (!charged) {
    for (std::size_t i = 0; i < asked.size(); ++i) asked[i]->charge = std::move(charges[i]);
    not_charged(asked, charged.error(), judgement);
    return;
  }
  if (charged->taken && stage >= Stage::mail) ledger_.keep(charges, charged->receipt);
  else if (charged->taken) ledger_.keep_places(charges, charged->receipt);
  auto total = charged->totals.begin();
  for (std::size_t i = 0; i < asked.size(); ++i) {
    Asking& asking = *asked[i];
    asking.charge = std::move(charges[i]);
    asking.level = charged->levels[i];
    const auto left = charged->totals.end() - total;
    const auto end = total + std::min(left, static_cast<std::ptrdiff_t>(asking.charge.windows.size()));
    if (asking.part != Asking::Part::whole || (!asking.is_block() && asking.rule->limit->warn_at > 0))
      asking.totals.assign(total, end);
    total = end;
  }
  settle_shares(judgement.asked);
  note_levels(asked, verdict, trace);
  blocked_keys_.begin_of_limits(judgement, state_.mail.id);
}

void Session::not_charged(const std::vector<Asking*>& asked, const Error& error, Judgement& judgement) {
  ledger_.not_asked(state_.mail.id, error);
  for (const Asking* asking : asked) {
    const Rule& rule = *asking->rule;
    if (goes_on_uncounted(rule, asking->is_block(), policy_->counters_outage)) continue;
    judgement.fail(rule, "the counters could not be asked: " + error.what);
    return;
  }
}

void Session::note_levels(const std::vector<Asking*>& asked, Verdict& verdict, Trace* trace) {
  const Rule* over =
      nullptr;  // the last rule that had a charge over: its block, say, and then its limit are one refusal
  for (const Asking* asking : asked) {
    const Level& level = asking->level;
    if (level.over && std::exchange(over, asking->rule) != asking->rule)
      asking->rule->hits->over.fetch_add(1, std::memory_order_relaxed);
    if (level.no_room) {
      ledger_.no_room(state_.mail.id, asking->rule->name, asking->charge);
    } else if (!asking->is_block() && asking->part != Asking::Part::not_bounced)
      verdict.used.push_back({asking->rule->name, asking->charge.key, asking->charge.windows[level.window], level.count,
                              level.over, level.share.has_value()});
    if (trace == nullptr) continue;
    if (asking->part == Asking::Part::not_bounced) continue;
    std::string& outcome = trace->rules[asking->traced].outcome;
    if (asking->is_block() ? level.over : outcome.empty()) outcome = outcome_of(*asking);
  }
}

// Blocks the keys of the rules that had an effect and say so themselves.
void Session::begin_blocks(const Judgement& judgement, const Verdict& verdict) {
  for (const Held& held : judgement.held) {
    const Rule& rule = *held.rule;
    if (!rule.block || &rule == judgement.trouble ||
        (!is_among(verdict.fired, &rule) && !is_among(verdict.shadowed, &rule)))
      continue;
    if (verdict.rule == &rule && !verdict.blocked.empty()) return;  // its key was blocked before: no rule was heard
    const auto question = block_question_for(rule, facts_);
    if (!question) continue;
    blocked_keys_.begin(rule, *question, held.evidence, state_.mail.id);
    block_facts_->forget(FactScope::transaction);
    if (rule.shadow || !rule.block->time.refuse || !is_refusal(rule.action) || verdict.rule != &rule || !state_.open)
      continue;
    state_.just_blocked = JustBlocked{&rule, question->key, length_of(rule.block->time, services_.clock.wall())};
  }
}

// Edges have their line now, whether the verdict has one or not. The mail that carries an alert must not make another.
void Session::raise_alerts(const Judgement& judgement, Verdict& verdict) {
  verdict.alerts = alert_edges_.alerts_of(judgement, verdict);
  if (verdict.alerts.empty()) return;
  mail_log_.alerts(subject(), verdict, true);
  const bool own_mail = client_.origin == Origin::local && !policy_->alert_sender.empty() &&
                        state_.mail.sender.text() == policy_->alert_sender;
  if (services_.alerts == nullptr || own_mail) return;
  for (const Alert& alert : verdict.alerts) services_.alerts->raise(alert);
}

void Session::count_event(Quantity quantity, bool log) {
  std::vector<Charge> charges;
  std::vector<const Rule*> rules;
  const bool login = quantity == Quantity::distinct;
  spell_names();
  const Stage now = quantity == Quantity::unknown_recipients ? Stage::rcpt : Stage::auth;
  facts_.stage(now, Deadline::in(policy_->dns_deadline));
  facts_.skip(skips_.off(now));
  Evaluation evaluation;
  for (const Stage stage : all_stages) {
    if (login && stage != Stage::auth) continue;  // elsewhere it is counted when a rule asks
    for (const Rule& rule : policy_->at(stage)) {
      if (!rule.limit || rule.limit->of != quantity ||
          evaluation.ask(rule, facts_, Evaluation::Keep::nothing) != Holds::yes)
        continue;
      auto charge = charge_for(rule, stage, facts_);
      if (!charge) continue;
      charge->amount = 1;
      charge->dispensable = true;  // of the others that have room all are counted
      // It has happened: what is over its maximum is counted too. But a value that does not fit shall not be one of
      // those that are known from now on.
      if (!login) charge->enforce = false;
      charges.push_back(std::move(*charge));
      rules.push_back(&rule);
    }
  }
  if (charges.empty()) return;
  const auto charged = ledger_.charge(charges);
  std::vector<CounterUse> used;
  for (std::size_t i = 0; charged && i < rules.size(); ++i) {
    const Level& level = charged->levels[i];
    if (level.no_room) ledger_.no_room(state_.mail.id, rules[i]->name, charges[i]);
    else
      used.push_back({rules[i]->name, charges[i].key, charges[i].windows[level.window], level.count, level.over,
                      level.share.has_value()});
  }
  if (!log) return;
  mail_log_.event(subject(), quantity == Quantity::auth_failures ? "auth-failure" : "unknown-recipient", used,
                  charged ? std::string_view() : std::string_view(charged.error().what));
}

void Session::message_accepted() {
  const bool wanted = policy_->counts_bounces || policy_->suppress.count() > 0;
  if (services_.accepted == nullptr || !wanted || state_.mail.sender.is_null()) return;
  if (facts_.stage() != Stage::end_of_message) facts_.stage(Stage::end_of_message, Deadline());
  services_.accepted->add(accepted_message(*policy_, facts_, client_, state_.mail, ledger_, services_.clock.wall()));
}

void Session::log_verdict(const Verdict& verdict, std::string_view at_end) {
  mail_log_.verdict(subject(), verdict, at_end);
}

void Session::log_transaction(std::string_view outcome, const std::vector<std::pair<std::string, std::string>>& more) {
  mail_log_.message(subject(), {outcome, facts_.is_outgoing(), state_.used, more, state_.took});
  if (services_.witness != nullptr) services_.witness->message_ended(*this, outcome, more);
}

std::string new_transaction_id(WallTime now) {
  // 48 bits of milliseconds would sort for 8,000 years; 38 bits do for 8. The rest tells transactions apart.
  static const std::uint64_t start = std::random_device{}();
  static std::atomic<std::uint64_t> count{start};
  const auto milliseconds =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  std::uint64_t bits = ((milliseconds & ((std::uint64_t{1} << 38) - 1)) << 17) | (++count & 0x1ffff);
  constexpr std::string_view digits =
      "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford's: nothing to misread on the phone
  std::string id(11, '0');
  for (std::size_t i = id.size(); i-- > 0; bits >>= 5) id[i] = digits[bits & 31];
  return id;
}

}  // namespace mailweir
