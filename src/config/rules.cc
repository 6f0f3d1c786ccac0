// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules.h"

#include <algorithm>

#include "base/text.h"
#include "config/block_action.h"
#include "config/conditions.h"
#include "config/effects.h"
#include "config/limits.h"

namespace mailweir {
namespace {

class RuleReader {
 public:
  RuleReader(Section section, const Makings& makings)
      : section_(std::move(section)), makings_(makings), registry_(makings.registry) {}

  std::optional<PlacedRule> read();

 private:
  Problems& problems() { return section_.problems(); }
  std::optional<Template> template_of(std::string_view key);
  void read_action();
  void read_reply(Action action, std::string_view key);
  void read_effects();
  void read_skip();
  void read_switches();

  Section section_;
  const Makings& makings_;
  Registry& registry_;
  PlacedRule placed_;
  Rule& rule_ = placed_.rule;
};

std::optional<Template> RuleReader::template_of(std::string_view key) {
  const auto text = section_.text(key);
  if (!text) return {};
  return make_template(KeyPlace{section_, key, makings_}, text->value, text->place);
}

void RuleReader::read_reply(Action action, std::string_view key) {
  const auto text = section_.text(key);
  if (!text) return;
  auto reply = Reply::parse(text->value);
  if (!reply) {
    section_.wrong(key, reply.error().what);
    return;
  }
  const char klass = reply->klass();
  if (action == Action::reject && klass != '5')
    section_.wrong(key, reply->code + " is a temporary failure, and reject is permanent; write defer, or a 5xx code");
  if (action == Action::defer && klass != '4')
    section_.wrong(key, reply->code + " is a permanent failure, and defer is temporary; write reject, or a 4xx code");
  if (action == Action::defer && reply->code == "421") section_.wrong(key, "421 closes the connection; write drop");
  if (auto made = make_template(KeyPlace{section_, key, makings_}, reply->text, text->place))
    rule_.reply_text = std::move(*made);
  rule_.reply = std::move(*reply);
  rule_.reply.text.clear();
}

// At most one of the actions that end a stage.
void RuleReader::read_action() {
  std::string first;
  for (const auto action :
       {Action::accept, Action::permit, Action::reject, Action::defer, Action::drop, Action::discard}) {
    const auto key = to_string(action);
    const auto* node = section_.node(key);
    if (node == nullptr) continue;
    placed_.keys.emplace(key, place_of(*node));
    if (!first.empty()) {
      section_.wrong(key, "a rule can have only one action that ends the stage; this one has " + first + " already");
      continue;
    }
    first = key;
    rule_.action = action;
    if (is_refusal(action)) {
      read_reply(action, key);
      continue;
    }
    // accept, permit and discard take true, or a text that is the reason in the log.
    if (const auto* truth = node->as_boolean(); truth != nullptr && truth->get()) continue;
    if (node->is_string()) {
      if (auto text = template_of(key)) rule_.reply_text = std::move(*text);
      continue;
    }
    section_.wrong(key, "must be true, or a text for the log");
  }
}

void RuleReader::read_effects() {
  for (const auto& key : effect_keys()) {
    if (const auto* node = section_.raw().get(key.name)) placed_.keys.emplace(key.name, place_of(*node));
    key.read(KeyPlace{section_, key.name, makings_}, rule_);
  }
  std::ranges::stable_sort(rule_.effects, {}, &RuleEffect::index);
}

// Checks that this version does not have: a list of what an entry turns off may be complete before they come.
std::optional<LaterCheck> later_check(std::string_view name) {
  if (name == "virus") return LaterCheck::virus;
  if (name == "spam" || name == "spam_score") return LaterCheck::spam;
  return {};
}

void RuleReader::read_skip() {
  const auto names = section_.texts("skip");
  if (!names || names->empty()) return;
  placed_.keys.emplace("skip", place_of(*section_.raw().get("skip")));
  for (const auto& name : *names) {
    if (name.value == "all") {
      rule_.skip = CheckSet::all();
      continue;
    }
    if (const auto later = later_check(name.value)) {
      rule_.skip.add(*later);
      continue;
    }
    const auto fact = registry_.fact(name.value);
    if (fact && fact->info().skipped == FactSkipped::with_whole) {
      problems().error(name.place, section_.full("skip"),
                       name.value + " is part of a check; write " + std::string(fact->info().whole()));
      continue;
    }
    if (fact && fact->check() && fact->type() != FactType::blocked) {
      const FactInfo& check = fact->info();
      rule_.skip.add(check.id);
      const bool whole = check.part_of.empty() || check.skipped == FactSkipped::as_whole;
      for (const auto& other : all_facts())
        if (whole && other.check && other.whole() == check.whole()) rule_.skip.add(other.id);
    } else
      problems().error(name.place, section_.full("skip"),
                       fact ? name.value + " is not a check; only checks can be skipped" : fact.error().what);
  }
}

void RuleReader::read_switches() {
  if (const auto shadow = section_.boolean("shadow")) rule_.shadow = *shadow;
  if (const auto alert = section_.boolean("alert")) rule_.alert = *alert;
  if (const auto log = section_.boolean("log")) rule_.log = *log;
  if (const auto outage = section_.choice("on_outage", {"continue", "defer"}))
    rule_.on_outage = *outage == 0 ? Outage::go_on : Outage::defer;
  if (const auto* node = section_.node("block")) {
    placed_.keys.emplace("block", place_of(*node));
    rule_.block = read_block_action(*node, section_.full("block"), rule_.name, registry_, problems(), placed_.keys);
  }
}

std::optional<PlacedRule> RuleReader::read() {
  const auto before = problems().error_count();
  placed_.place = section_.place();
  if (const auto name = section_.text("name")) rule_.name = name->value;
  else if (section_.raw().get("name") == nullptr)
    section_.wrong("name", "is missing: every rule needs a name; it is logged");
  const bool named =
      !rule_.name.empty() && rule_.name.size() <= 100 && std::all_of(rule_.name.begin(), rule_.name.end(), [](char c) {
        return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
      });
  if (named) section_.rename("rule \"" + rule_.name + "\"");
  else if (section_.raw().get("name") != nullptr)
    section_.wrong("name", "a name is letters, digits, - _ and ., at most 100");
  rule_.where = placed_.place.file + ':' + std::to_string(placed_.place.line);

  if (const auto at = section_.text("at")) {
    placed_.keys.emplace("at", at->place);
    if (const auto stage = parse_stage(at->value)) rule_.at = *stage;
    else
      section_.wrong("at", "\"" + cleaned(at->value, false, 40) +
                               "\" is not one of: connect helo auth mail rcpt data end-of-message");
  } else if (section_.raw().get("at") == nullptr) {
    section_.wrong("at", "is missing: connect, helo, mail, rcpt, data or end-of-message");
  }
  for (const auto key : {"when", "unless"}) {
    const auto* node = section_.node(key);
    if (node == nullptr) continue;
    placed_.keys.emplace(key, place_of(*node));
    (key == std::string_view("when") ? rule_.when : rule_.unless) =
        read_conditions(*node, section_.full(key), key, registry_, problems(), placed_.keys);
  }
  if (const auto* node = section_.node("limit")) {
    placed_.keys.emplace("limit", place_of(*node));
    rule_.limit = read_limit(*node, section_.full("limit"), rule_.name, registry_, problems(), placed_.keys);
  }
  read_action();
  read_effects();
  read_skip();
  read_switches();
  section_.finish();
  if (problems().error_count() != before) return {};
  return std::move(placed_);
}

}  // namespace

std::optional<PlacedRule> read_rule(const toml::table& table, const Makings& makings, Problems& problems) {
  return RuleReader(Section(table, "rule", problems), makings).read();
}

}  // namespace mailweir
