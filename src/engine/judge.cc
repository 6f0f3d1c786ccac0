// SPDX-License-Identifier: BSD-2-Clause
// How a stage is judged. The rules are walked first, limits taken as free. If the walk ends in a refusal only attempts
// are charged; else the limits reached are charged in one call, all or none, and the first over in rule order decides.
#include <algorithm>

#include "base/duration.h"
#include "engine/walk.h"

namespace mailweir {

namespace {

// What explain says of a count: "3", "2 different client_country".
std::string counted_of(const Limit& limit, const Level& level) {
  std::string text = std::to_string(level.count);
  if (limit.of == Quantity::distinct) text += " different " + limit.distinct->name;
  if (limit.of == Quantity::first_time_recipients) text += " first-time recipients";
  return text;
}

// A block that was asked about has nothing to give back.
void drop_blocks(std::vector<Charge>& charges, Receipt& receipt) {
  std::vector<std::int64_t> slots;
  auto slot = receipt.slots.begin();
  for (const Charge& charge : charges) {
    const auto end = slot + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(charge.windows.size()), receipt.slots.end() - slot);
    if (charge.kind != CountKind::block) slots.insert(slots.end(), slot, end);
    slot = end;
  }
  receipt.slots = std::move(slots);
  std::erase_if(charges, [](const Charge& charge) { return charge.kind == CountKind::block; });
}

// Whether a rule defers when a list that decides whether it applies could not be asked. Unless it says so itself: what
// hangs on a list in `when` is left out; a refusal from which a list in `unless` may exempt must not be final.
bool defers_on_outage(const Rule& rule, bool may_be_exempt, Outage of_counters) {
  if (rule.shadow) return false;
  if (rule.on_outage != Outage::unset) return rule.on_outage == Outage::defer;
  if (of_counters == Outage::defer && is_refusal(rule.action) && rule.asks(FactId::blocked)) return true;
  return may_be_exempt && is_refusal(rule.action) && !rule.limit;
}

}  // namespace

// Whether its conditions hold, or on which side a list that decides it could not be asked.
Session::Holds Session::holds(const Rule& rule, TracedRule* traced) {
  rule.hits->asked.fetch_add(1, std::memory_order_relaxed);
  if (traced != nullptr) {
    for (const auto* conditions : {&rule.when, &rule.unless}) {
      for (const auto& table : conditions->tables) {
        for (const Cell& cell : table) {
          const Tri outcome = cell.ask(facts_);
          traced->cells.push_back({(conditions == &rule.when ? "when " : "unless ") + cell.text,
                                   facts_.to_text(cell.fact), std::string(facts_.reason(cell.fact)), outcome});
          if (outcome != Tri::yes) break;
        }
      }
    }
  }
  // What is cheap first, on both sides, so that no look-up is waited for in vain.
  if (!rule.when.empty() && rule.when.ask(facts_, false) == Tri::no) return Holds::no;
  if (!rule.unless.empty() && rule.unless.ask(facts_, false) == Tri::yes) return Holds::no;
  const Tri when = rule.when.empty() ? Tri::yes : rule.when.ask(facts_);
  if (when != Tri::yes && when != Tri::outage) return Holds::no;
  const Tri unless = rule.unless.empty() ? Tri::no : rule.unless.ask(facts_);
  if (unless == Tri::yes) return Holds::no;
  return when == Tri::outage ? Holds::when_outage : unless == Tri::outage ? Holds::unless_outage : Holds::yes;
}

void Session::start_early(Stage stage) {
  if (policy_->early[index(stage)].empty()) return;
  // What a rule of this very stage is about to skip is not begun.
  CheckSet off;
  for (const Rule& rule : policy_->at(stage)) {
    if (rule.skip.empty() || rule.shadow || rule.has_checks()) continue;
    const bool holds = (rule.when.empty() || rule.when.ask(facts_) == Tri::yes) && (rule.unless.empty() || rule.unless.ask(facts_) != Tri::yes);
    if (holds) off = off | rule.skip;
  }
  for (const EarlyCheck& early : policy_->early[index(stage)]) {
    if (off.has(early.fact->id)) continue;
    // What is not known yet may still come true; what is known and false will not.
    if (!early.rule->when.empty() && early.rule->when.ask(facts_, false) == Tri::no) continue;
    if (!early.rule->unless.empty() && early.rule->unless.ask(facts_, false) == Tri::yes) continue;
    facts_.start(*early.fact);
  }
}

// Whether mail passes a rule whose limit, or block, could not be asked. The file speaks of rules that refuse; a hold or a
// route defers only if it says so itself.
bool Session::goes_on_uncounted(const Rule& rule, bool of_block) const {
  const Outage by_file = rule.lets_pass() && !of_block ? Outage::go_on : policy_->counters_outage;
  return (rule.on_outage != Outage::unset ? rule.on_outage : by_file) != Outage::defer || rule.shadow;
}

bool Session::pending_charge(const Rule& rule, Stage stage, Pending& pending) {
  const Limit& limit = *rule.limit;
  bool known = false;
  Charge& charge = pending.charge;
  charge.key = limit_key(limit, known);
  if (!known) return false;
  charge.windows = windows(limit, charge.key);
  if (charge.windows.empty()) return false;  // unlimited
  charge.limit = rule.shadow ? limit.counter + "~shadow" : limit.counter;
  charge.enforce = !rule.shadow && rule.action != Action::none;
  charge.attempts = limit.attempts;
  charge.stranger = !facts_.is_outgoing();
  charge.dispensable = goes_on_uncounted(rule, false);
  switch (limit.of) {
    case Quantity::messages:
    case Quantity::connections: charge.amount = 1; break;
    case Quantity::recipients: charge.amount = stage == Stage::rcpt ? 1 : transaction_.recipient_count; break;
    case Quantity::bytes: charge.amount = transaction_.size.value_or(0); break;
    case Quantity::open_connections:
      charge.kind = CountKind::lease;
      charge.member = Leases::new_member();
      charge.amount = 1;
      charge.windows = {Window{charge.windows.front().max, std::chrono::seconds(0)}};
      break;
    case Quantity::unknown_recipients:
    case Quantity::auth_failures: charge.amount = 0; break;  // was counted when it happened
    case Quantity::distinct:
      if (!fill_distinct(limit, stage, charge)) return false;
      break;
    case Quantity::first_time_recipients:
      if (!fill_first_time(charge)) return false;
      break;
  }
  pending.rule = &rule;
  return charge.amount > 0 || is_event(limit.of) || limit.of == Quantity::distinct;
}

void Session::walk(Stage stage, Walk& walk, Trace* trace) {
  walk_blocks(stage, walk, trace);
  for (const Rule& rule : policy_->at(stage)) {
    TracedRule* traced = nullptr;
    if (trace != nullptr) {
      trace->rules.push_back({stage, &rule, {}, {}});
      traced = &trace->rules.back();
    }
    const Holds held = holds(rule, traced);
    if (held == Holds::when_outage || held == Holds::unless_outage) {
      const bool deferred = defers_on_outage(rule, held == Holds::unless_outage, policy_->counters_outage);
      if (traced != nullptr) traced->outcome = deferred ? "a list could not be asked: defers" : "a list could not be asked: does not apply";
      if (!deferred) continue;
      walk.order.push_back(&rule);
      walk.trouble = &rule;
      walk.trouble_what = "a list in its conditions could not be asked";
      return;
    }
    if (held == Holds::no) {
      if (traced != nullptr) traced->outcome = "does not apply";
      continue;
    }
    if (rule.only_signs() && !facts_.is_outgoing()) {
      if (traced != nullptr) traced->outcome = "does not apply: signs outgoing mail only";
      continue;
    }
    if (rule.limit) {
      const auto before = walk.pending.size();
      Pending blocked, pending;
      if (rule.limit->block && rule.limit->block->refuse && pending_block(rule, blocked)) walk.pending.push_back(std::move(blocked));
      if (pending_charge(rule, stage, pending)) walk.pending.push_back(std::move(pending));
      if (walk.pending.size() == before) {
        if (traced != nullptr) traced->outcome = "not limited: no key, no amount, or unlimited";
        continue;
      }
      for (auto i = before; trace != nullptr && i < walk.pending.size(); ++i) walk.pending[i].traced = trace->rules.size() - 1;
      walk.order.push_back(&rule);
      continue;
    }
    rule.hits->hits.fetch_add(1, std::memory_order_relaxed);
    walk.order.push_back(&rule);
    if (traced != nullptr)
      traced->outcome = rule.shadow ? "shadow: would " + std::string(to_string(rule.action)) : "applies: " + std::string(to_string(rule.action));
    if (traced != nullptr && rule.block) trace_block(rule, *traced);
    if (rule.shadow) continue;
    if (!rule.skip.empty()) note_skip(stage, rule.skip);
    if (rule.action != Action::none) {
      walk.decided = &rule;
      return;
    }
  }
}

void Session::charge(Stage stage, Walk& walk, Verdict& verdict, Trace* trace) {
  const bool refused = walk.trouble != nullptr || (walk.decided != nullptr && is_refusal(walk.decided->action));
  std::vector<Charge> charges;
  std::vector<Pending*> asked;
  for (auto& pending : walk.pending) {
    if (refused && !pending.charge.attempts) continue;
    asked.push_back(&pending);
    charges.push_back(std::move(pending.charge));
  }
  if (charges.empty()) return;

  auto charged = services_.counters.charge(charges, Deadline::in(policy_->counter_deadline));
  if (!charged) {
    ++services_.stats.counter_errors;
    Event("limits-not-asked").with("id", transaction_.id).with("reason", charged.error().what).to(services_.log, Severity::warning);
    for (const auto* pending : asked) {
      if (goes_on_uncounted(*pending->rule, pending->is_block())) continue;
      walk.trouble = pending->rule;
      walk.trouble_what = "the counters could not be asked: " + charged.error().what;
      break;
    }
    return;
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    Pending& pending = *asked[i];
    pending.level = charged->levels[i];
    pending.charge = charges[i];
    const Level& level = pending.level;
    if (pending.is_block()) {
      note_block(pending, walk, verdict, trace);
      continue;
    }
    if (level.no_room) {
      note_no_room(pending, trace);
      continue;
    }
    verdict.used.push_back({pending.rule->name, pending.charge.key, pending.charge.windows[level.window], level.count, level.over});
    if (trace != nullptr && trace->rules[pending.traced].outcome.empty()) {
      trace->rules[pending.traced].outcome = std::string(level.over ? "over its limit" : "within its limit") + ": " +
                                             counted_of(*pending.rule->limit, level) + " of " +
                                             in_words(pending.charge.windows[level.window], pending.rule->limit->of) +
                                             " for " + (pending.rule->limit->by.empty() ? "all" : pending.charge.key);
    }
    if (!level.over) continue;
    // Of a key that is blocked its block was counted.
    const bool was_counted = i > 0 && asked[i - 1]->rule == pending.rule && asked[i - 1]->is_block() && asked[i - 1]->level.over;
    if (!was_counted) pending.rule->hits->over.fetch_add(1, std::memory_order_relaxed);
    if (pending.charge.enforce && walk.over == nullptr) {
      walk.over = &pending.level;
      walk.over_rule = pending.rule;
    }
  }
  if (!dry_run_) alert_near(asked, charged->totals, verdict);
  if (!dry_run_) begin_blocks(walk);
  if (dry_run_) {
    const auto given = services_.counters.give_back(charges, charged->receipt, Deadline::in(policy_->counter_deadline));
    static_cast<void>(given);
  } else if (charged->taken) {
    drop_blocks(charges, charged->receipt);
    if (!charges.empty()) keep_taken(stage, std::move(charges), std::move(charged->receipt));
  }
}

// There is no room in the counters' memory, and the rule lets mail pass uncounted then: never in silence.
void Session::note_no_room(const Pending& pending, Trace* trace) {
  if (trace != nullptr) trace->rules[pending.traced].outcome = "not limited: the counters' memory has no room for its key";
  if (!dry_run_) say_no_room(pending.rule->name, pending.charge);
}

void Session::say_no_room(const std::string& rule, const Charge& charge) {
  ++services_.stats.uncounted;
  const auto count = services_.stats.uncounted_told.enter(services_.clock.steady());
  if (!count) return;
  Event("counters-full").with("id", transaction_.id).with("rule", rule).with("key", charge.key).with("count", static_cast<std::int64_t>(*count))
      .with("reason", "the counters' memory has no room for new keys of this limit: they are not counted").to(services_.log, Severity::warning);
}

Verdict Session::judge(Stage stage, Trace* trace) {
  const auto start = services_.clock.steady();
  Verdict verdict;
  verdict.stage = stage;
  name_transaction();
  spell_names();
  if (stage == Stage::rcpt) recipient_skip_ = CheckSet();
  facts_.stage(stage, Deadline::in(policy_->dns_deadline));
  facts_.now(services_.clock.wall());
  facts_.skip(skipped(stage));
  start_early(stage);
  Walk walk_done;
  if (!refuse_rest(stage, verdict)) {
    walk(stage, walk_done, trace);
    charge(stage, walk_done, verdict, trace);
    if (!settle_listed(walk_done, verdict)) {
      settle(walk_done, verdict);
      begin_listed(walk_done, verdict);
    }
  }
  raise_alerts(verdict);
  ++services_.stats.verdicts[index(stage)][static_cast<std::size_t>(verdict.action)];
  verdict.took = std::chrono::duration_cast<std::chrono::microseconds>(services_.clock.steady() - start);
  took_ += verdict.took;
  note_used(verdict.used);
  return verdict;
}

void Session::count_event(Quantity quantity, bool log) {
  std::vector<Charge> charges;
  std::vector<const Rule*> rules;
  const bool login = quantity == Quantity::distinct;
  spell_names();
  const Stage now = quantity == Quantity::unknown_recipients ? Stage::rcpt : Stage::auth;
  facts_.stage(now, Deadline::in(policy_->dns_deadline));
  facts_.skip(skipped(now));
  for (const Stage stage : all_stages) {
    if (login && stage != Stage::auth) continue;  // elsewhere it is counted when a rule asks
    for (const Rule& rule : policy_->at(stage)) {
      Pending pending;
      if (!rule.limit || rule.limit->of != quantity || holds(rule, nullptr) != Holds::yes || !pending_charge(rule, stage, pending)) continue;
      pending.charge.amount = 1;
      // It has happened: what is over its maximum is counted too. But a value that does not fit shall not be one of those
      // that are known from now on.
      if (!login) pending.charge.enforce = false;
      charges.push_back(std::move(pending.charge));
      rules.push_back(&rule);
    }
  }
  if (charges.empty()) return;
  const auto charged = services_.counters.charge(charges, Deadline::in(policy_->counter_deadline));
  if (!charged) ++services_.stats.counter_errors;
  for (std::size_t i = 0; charged && i < rules.size(); ++i)
    if (charged->levels[i].no_room) say_no_room(rules[i]->name, charges[i]);
  if (!log) return;
  std::vector<CounterUse> used;
  for (std::size_t i = 0; charged && i < rules.size(); ++i)
    used.push_back({rules[i]->name, charges[i].key, charges[i].windows[charged->levels[i].window], charged->levels[i].count, charged->levels[i].over});
  log_event(quantity == Quantity::auth_failures ? "auth-failure" : "unknown-recipient", used, charged ? std::string_view() : charged.error().what);
}

// The transaction's line shows each counter once, as it stood last: 10,000 recipients do not make 10,000 entries.
void Session::note_used(const std::vector<CounterUse>& used) {
  for (const auto& use : used) {
    const auto same = std::find_if(used_.begin(), used_.end(), [&](const auto& old) { return old.rule == use.rule; });
    if (same != used_.end()) *same = use;
    else used_.push_back(use);
  }
}

void Along::join(Along&& later) {
  if (later.hold) hold = std::move(later.hold);
  if (later.redirect) redirect = std::move(later.redirect);
  if (later.route) route = std::move(later.route);
  for (auto& address : later.bcc) bcc.push_back(std::move(address));
  for (auto& edit : later.edits) edits.push_back(std::move(edit));
  sign_author = sign_author || later.sign_author;
  for (auto& domain : later.sign_domains)
    if (std::find(sign_domains.begin(), sign_domains.end(), domain) == sign_domains.end()) sign_domains.push_back(std::move(domain));
}

}  // namespace mailweir
