// SPDX-License-Identifier: BSD-2-Clause
// The verdict on a stage, put together from the rules that held: what goes along, what decides, and its words.
#include <algorithm>

#include "base/duration.h"
#include "base/text.h"
#include "engine/walk.h"

namespace mailweir {

namespace {

LimitWords words_of(const Charge& charge, const Level& level, Quantity of) {
  LimitWords words;
  if (level.window < charge.windows.size()) words.limit = in_words(charge.windows[level.window], of);
  words.count = std::to_string(level.count);
  words.retry_after = rough_duration(level.retry_after);
  return words;
}

// In place of a reply that promises a next time, when there is none.
std::string text_of_never(const LimitWords& words, const std::string& id) {
  return "this message alone is over the limit of " + words.limit + ", so it will not pass later either (ref " + id + ')';
}

// Which of a rule's charges says what happens: one that is over, its block first. Null: the rule has none.
template <typename Pending>
const Pending* telling(const std::vector<Pending>& all, const Rule* rule) {
  const Pending* told = nullptr;
  for (const Pending& pending : all)
    if (pending.rule == rule && !rule->block && (told == nullptr || (pending.level.over && !told->level.over))) told = &pending;
  return told;
}

}  // namespace

void Session::go_along(const Rule& rule, const LimitWords* words, Verdict& verdict) {
  const auto fill = [&](const Template& text) { return text.fill(facts_, rule.name, words); };
  Along along;
  if (rule.hold) {
    along.hold = fill(*rule.hold);
    // "{sasl_username}" without a login: no MTA takes an empty reason.
    if (trimmed(*along.hold).empty()) along.hold = rule.name;
  }
  if (rule.redirect) along.redirect = fill(*rule.redirect);
  if (rule.route) along.route = fill(*rule.route);
  for (const auto& text : rule.bcc) along.bcc.push_back(fill(text));
  for (const auto& removal : rule.remove_headers)
    along.edits.push_back({HeaderEdit::Kind::remove, removal.name, removal.value, {}});
  for (const auto& header : rule.replace_headers)
    along.edits.push_back({HeaderEdit::Kind::replace, header.name, nullptr, fill(header.value)});
  for (const auto& header : rule.add_headers)
    along.edits.push_back({HeaderEdit::Kind::add, header.name, nullptr, fill(header.value)});
  along.sign_author = rule.sign && rule.sign_domains.empty();
  along.sign_domains = rule.sign_domains;
  verdict.along.join(std::move(along));
}

void Session::decide(const Rule& rule, const LimitWords* words, bool never_fits, Verdict& verdict) {
  verdict.action = rule.action;
  verdict.rule = &rule;
  const bool asks_to_wait = never_fits && rule.reply_text.tells(Template::Special::retry_after);
  const std::string text = asks_to_wait ? text_of_never(*words, transaction_.id) : rule.reply_text.fill(facts_, rule.name, words);
  if (is_refusal(rule.action)) {
    verdict.reply = rule.reply;
    verdict.reply.text = text;
    verdict.never_fits = never_fits;
    if (never_fits) {  // waiting would not help: RFC 5321 4.2.1, a permanent failure
      if (rule.action == Action::defer) verdict.action = Action::reject;
      verdict.reply = verdict.reply.as_class('5');
    }
  } else {
    verdict.reason = text;
  }
  tell_facts(rule, verdict);
}

// What the rule's conditions found, for the log.
void Session::tell_facts(const Rule& rule, Verdict& verdict) {
  const auto tell = [&verdict](const std::string& name, std::string text) {
    const bool told = std::any_of(verdict.facts.begin(), verdict.facts.end(), [&name](const auto& fact) { return fact.first == name; });
    if (!told) verdict.facts.emplace_back(name, std::move(text));
  };
  for (const auto& table : rule.when.tables) {
    for (const Cell& cell : table) {
      if (cell.ask(facts_) != Tri::yes) continue;
      tell(cell.fact.name, facts_.to_text(cell.fact));
      if (const auto why = facts_.reason(cell.fact); !why.empty()) tell(cell.fact.name + "_reason", std::string(why));
    }
  }
}

// Puts the verdict together from the rules that held, in order, up to the one that decides.
void Session::settle(Walk& walk, Verdict& verdict) {
  for (const Rule* rule : walk.order) {
    const Pending* pending = telling(walk.pending, rule);
    const bool limited = pending != nullptr;
    if (rule == walk.trouble) {
      verdict.action = Action::defer;
      verdict.rule = rule;
      verdict.reply = Reply{"451", "4.3.0", "temporary trouble, try again later"};
      verdict.reason = walk.trouble_what;
      verdict.fired.push_back(rule);
      return;
    }
    if (limited && !pending->level.over) continue;
    if (rule->shadow) {
      rule->hits->shadow.fetch_add(1, std::memory_order_relaxed);
      verdict.shadowed.push_back(rule);
      tell_facts(*rule, verdict);
      alert_acting(*rule, pending, verdict);
      continue;
    }
    LimitWords words;
    if (limited) words = pending->is_block() ? words_of_block(*rule, *pending) : words_of(pending->charge, pending->level, rule->limit->of);
    else if (rule->block) words = words_of_listed(*rule);
    const LimitWords* told = limited || rule->block ? &words : nullptr;
    verdict.fired.push_back(rule);
    alert_acting(*rule, pending, verdict);
    go_along(*rule, told, verdict);
    if (rule->log) tell_facts(*rule, verdict);
    if (rule->action == Action::none) continue;
    decide(*rule, told, limited && pending->level.never_fits, verdict);
    return;
  }
}

}  // namespace mailweir
