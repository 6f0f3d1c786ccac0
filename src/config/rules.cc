// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "config/block_action.h"
#include "config/conditions.h"
#include "config/effects.h"
#include "config/limits.h"
#include "fact/scan.h"

namespace mailweir {
namespace {

void read_name(const KeyPlace& place, std::string& name) {
  if (const auto text = place.text()) name = text->value;
  if (is_name(name, 100)) place.section.rename("rule \"" + name + "\"");
  else if (place.has(place.key)) place.wrong("a name is letters, digits, - _ and ., at most 100");
}

Result<Stage> parse_at(const std::string& text) {
  if (const auto stage = parse_stage(text)) return *stage;
  return Error{"\"" + cleaned(text, false, 40) + "\" is not one of: connect helo auth mail rcpt data end-of-message"};
}

void read_conditions_of(const KeyPlace& place, Conditions& conditions) {
  if (const auto* node = place.node())
    conditions = read_conditions(*node, place.section.full(place.key), place.key, place.makings.registry,
                                 place.section.problems(), *place.makings.places);
}

void read_reply(const KeyPlace& place, Rule& rule) {
  const auto text = place.text();
  if (!text) return;
  auto reply = Reply::parse(text->value);
  if (!reply) return place.wrong(reply.error().what);
  const char klass = reply->klass();
  if (rule.action == Action::reject && klass != '5')
    place.wrong(reply->code + " is a temporary failure, and reject is permanent; write defer, or a 5xx code");
  if (rule.action == Action::defer && klass != '4')
    place.wrong(reply->code + " is a permanent failure, and defer is temporary; write reject, or a 4xx code");
  if (rule.action == Action::defer && reply->code == "421") place.wrong("421 closes the connection; write drop");
  if (auto made = make_template(place, reply->text, text->place)) rule.reply_text = std::move(*made);
  rule.reply = std::move(*reply);
  rule.reply.text.clear();
}

// At most one of the actions that end a stage. accept, permit and discard take true, or a text for the log.
Key<Rule> action_key(Action action) {
  const auto read = [action](const KeyPlace& place, Rule& rule) {
    const auto* node = place.node();
    if (node == nullptr) return;
    if (rule.action != Action::none)
      return place.wrong("a rule can have only one action that ends the stage; this one has " +
                         std::string(to_string(rule.action)) + " already");
    rule.action = action;
    if (is_refusal(action)) return read_reply(place, rule);
    if (is_true(*node)) return;
    if (!node->is_string()) return place.wrong("must be true, or a text for the log");
    const auto text = place.text();
    if (auto made = make_template(place, text->value, text->place)) rule.reply_text = std::move(*made);
  };
  return {to_string(action), std::identity{}, {read}, reloads};
}

// A scanner's check may be turned off whether there is that scanner or not: a list of what an entry turns off is then
// good for every host.
Result<const FactInfo*> check_named(std::string_view name, const Registry& registry) {
  if (const auto* known = find_fact(name == "spam" ? "spam_score" : name); known != nullptr && scan_check(*known))
    return known;
  const auto fact = registry.fact(name);
  if (!fact) return fact.error();
  return &fact->info();
}

// What is wrong with it, if anything is.
std::string add_skipped(const std::string& name, const Registry& registry, CheckSet& skip) {
  if (name == "all") {
    skip = CheckSet::all();
    return {};
  }
  const auto found = check_named(name, registry);
  if (!found) return found.error().what;
  const FactInfo& check = **found;
  if (check.skipped == FactSkipped::with_whole)
    return name + " is part of a check; write " + std::string(check.whole());
  if (!check.check || check.type == FactType::blocked) return name + " is not a check; only checks can be skipped";
  skip.add(check.id);
  const bool whole = check.part_of.empty() || check.skipped == FactSkipped::as_whole;
  for (const auto& other : all_facts())
    if (whole && other.check && other.whole() == check.whole()) skip.add(other.id);
  return {};
}

void read_skip(const KeyPlace& place, CheckSet& skip) {
  const auto names = place.texts();
  if (!names) return;
  for (const auto& name : *names)
    if (const auto why = add_skipped(name.value, place.makings.registry, skip); !why.empty())
      place.wrong(name.place, why);
}

Keys<Rule> all_keys() {
  Keys<Rule> keys = {
      {"name", &Rule::name, form::required("every rule needs a name; it is logged", Form<std::string>{read_name}),
       reloads},
      {"at", &Rule::at, form::required("connect, helo, mail, rcpt, data or end-of-message", form::parsed(parse_at)),
       reloads},
      {"when", &Rule::when, {read_conditions_of}, reloads},
      {"unless", &Rule::unless, {read_conditions_of}, reloads},
      {"limit", std::identity{}, {read_limit}, reloads},
      {"skip", &Rule::skip, {read_skip}, reloads},
      {"shadow", &Rule::shadow, form::boolean(), reloads},
      {"alert", &Rule::alert, form::boolean(), reloads},
      {"log", &Rule::log, form::boolean(), reloads},
      {"on_outage", &Rule::on_outage, form::choice<Outage>({{"continue", Outage::go_on}, {"defer", Outage::defer}}),
       reloads},
      {"block", std::identity{}, {read_block}, reloads},
  };
  for (const auto action :
       {Action::accept, Action::permit, Action::reject, Action::defer, Action::drop, Action::discard})
    keys.push_back(action_key(action));
  keys.insert(keys.end(), effect_keys().begin(), effect_keys().end());
  return keys;
}

}  // namespace

const Keys<Rule>& rule_keys() {
  static const Keys<Rule> keys = all_keys();
  return keys;
}

std::optional<PlacedRule> read_rule(const toml::table& table, const Makings& makings, Problems& problems) {
  const auto before = problems.error_count();
  PlacedRule placed;
  placed.place = place_of(table);
  placed.rule.where = placed.place.file + ':' + std::to_string(placed.place.line);
  for (const auto& [key, node] : table) placed.keys.emplace(key.str(), place_of(node));
  Section section(table, "rule", problems);
  Makings of_rule = makings;
  of_rule.places = &placed.keys;
  read_keys(rule_keys(), section, of_rule, placed.rule);
  section.finish();
  if (problems.error_count() != before) return {};
  std::ranges::stable_sort(placed.rule.effects, {}, &RuleEffect::index);
  return placed;
}

}  // namespace mailweir
