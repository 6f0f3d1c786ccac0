// SPDX-License-Identifier: BSD-2-Clause
#include "config/block_action.h"

#include <algorithm>
#include <variant>

#include "base/text.h"
#include "config/conditions.h"
#include "config/known_fact.h"
#include "rule/blocking.h"

namespace mailweir {

std::optional<std::vector<FactRef>> read_by(Section& section, const Registry& registry, std::string_view prefix,
                                            Places& places) {
  const auto names = section.texts("by");
  if (!names) return {};
  std::vector<FactRef> by;
  for (const auto& name : *names) {
    places.emplace(std::string(prefix) + ".by." + name.value, name.place);
    auto fact = registry.fact(name.value);
    if (!fact) section.problems().error(name.place, section.full("by"), fact.error().what);
    else if (fact->info().many || fact->check())
      section.problems().error(name.place, section.full("by"),
                               name.value + " cannot be a key: it is a check or has several values");
    else by.push_back(std::move(*fact));
  }
  return by;
}

std::optional<BlockTime> read_block_time(const toml::node& node, const std::string& key, Problems& problems) {
  const auto span = [&](const Placed<std::string>& text, const std::string& name) -> std::optional<BlockTime> {
    auto time = parse_block_time(text.value);
    if (time) return *time;
    problems.error(text.place, name, time.error().what);
    return {};
  };
  if (const auto* text = node.as_string()) return span({text->get(), place_of(node)}, key);
  const auto* table = node.as_table();
  if (table == nullptr) {
    problems.error(place_of(node), key,
                   "is " + std::string(kind_of(node)) + ", must be a time span like \"1d\", or \"until-midnight\"");
    return {};
  }
  Section section(*table, key, problems);
  std::optional<BlockTime> time;
  if (const auto text = section.text("for")) time = span(*text, section.full("for"));
  else if (section.raw().get("for") == nullptr)
    section.wrong("for", "is missing: a time span like \"1d\", or \"until-midnight\"");
  if (const auto refuse = section.boolean("refuse"); refuse && time) time->refuse = *refuse;
  section.finish();
  return time;
}

std::optional<BlockAction> read_block_action(const toml::node& node, const std::string& key, const std::string& rule,
                                             const Registry& registry, Problems& problems, Places& places) {
  const auto* table = node.as_table();
  if (table == nullptr) {
    problems.error(place_of(node), key, "must be a table: { by = \"client_address\", for = \"1d\" }");
    return {};
  }
  const auto before = problems.error_count();
  BlockAction action;
  Section section(*table, key, problems);
  action.list = rule;
  if (const auto name = section.text("name")) {
    action.list = name->value;
    if (name->value.empty() || name->value.size() > 100) section.wrong("name", "a list's name has 1 to 100 characters");
  }
  if (auto by = read_by(section, registry, "block", places)) {
    if (by->empty() && problems.error_count() == before) section.wrong("by", "is empty: all mail would be blocked");
    action.by = std::move(*by);
  } else if (section.raw().get("by") == nullptr) {
    section.wrong("by", "is missing: the fact whose value is blocked, for example client_address or sasl_username");
  }
  if (const auto text = section.text("for")) {
    const auto time = parse_block_time(text->value);
    if (time) action.time = *time;
    else section.wrong("for", time.error().what);
  } else if (section.raw().get("for") == nullptr) {
    section.wrong("for", "is missing: a time span like \"1d\", or \"until-midnight\"");
  }
  if (const auto refuse = section.boolean("refuse")) action.time.refuse = *refuse;
  if (const auto bits = section.number("ipv4_prefix", 8, 32)) action.prefix4 = static_cast<unsigned>(*bits);
  if (const auto bits = section.number("ipv6_prefix", 16, 128)) action.prefix6 = static_cast<unsigned>(*bits);
  section.finish();
  if (problems.error_count() != before) return {};
  return action;
}

namespace {

class BlockValidator {
 public:
  BlockValidator(const std::vector<PlacedRule>& rules, bool all_read, const Policy& policy, Problems& problems)
      : rules_(rules), all_read_(all_read), policy_(policy), problems_(problems) {}

  void run() {
    for (const auto& placed : rules_) {
      action(placed);
      for (const auto& [conditions, key] :
           {std::pair(&placed.rule.when, "when"), std::pair(&placed.rule.unless, "unless")})
        for (std::size_t i = 0; i < conditions->tables.size(); ++i)
          for (const Cell& cell : conditions->tables[i])
            if (cell.fact.type() == FactType::blocked)
              asked(placed, cell, key, placed.at(place_of_cell(key, i, cell.fact.name)));
    }
  }

 private:
  void error(const PlacedRule& placed, const Place& place, std::string_view key, const std::string& why) {
    problems_.error(place, "rule \"" + placed.rule.name + "\"." + std::string(key), why);
  }

  bool known(const FactRef& fact, Stage stage) const { return is_known(policy_, fact, stage); }
  bool known(std::span<const FactRef> by, Stage stage) const {
    return std::all_of(by.begin(), by.end(), [&](const FactRef& fact) { return known(fact, stage); });
  }

  void action(const PlacedRule& placed) {
    const Rule& rule = placed.rule;
    if (rule.block && rule.limit)
      error(placed, placed.at("block"), "block", "a rule with a limit blocks with limit = { ..., block = \"1d\" }");
    if (rule.block && !rule.limit) {
      for (const FactRef& fact : rule.block->by)
        if (!known(fact, rule.at))
          error(placed, placed.at("block.by." + fact.name), "block",
                fact.name + " is not known at " + std::string(to_string(rule.at)));
      if (rule.block->time.refuse && !refused_from(policy_, *rule.block))
        error(placed, placed.at("block"), "block",
              "no door judges a stage from mail on at which its key is known: nothing would be refused");
    }
    const auto block = blocking(rule);
    if (!block || block->time->refuse || rule.shadow) return;
    const bool any = std::any_of(rules_.begin(), rules_.end(),
                                 [&](const PlacedRule& other) { return asks(other.rule, block->list); });
    if (!any)
      error(placed, placed.at(rule.block ? "block" : "limit"), rule.block ? "block" : "limit.block",
            "with refuse = false the block has no effect without a rule with blocked = \"" + std::string(block->list) +
                "\", or true");
  }

  static bool asks(const Rule& rule, std::string_view list) {
    for (const auto* conditions : {&rule.when, &rule.unless})
      for (const auto& table : conditions->tables)
        for (const Cell& cell : table)
          if (cell.fact.type() == FactType::blocked)
            for (const Test& test : cell.tests)
              if (const auto* name = std::get_if<TextTest>(&test.what);
                  name == nullptr || equal_folded(name->text, list))
                return true;
    return false;
  }

  // A key that is blocked is refused before the rules of the first stage from mail on that can: a rule there never
  // hears of it.
  void refused_before(const PlacedRule& placed, const Cell& cell, const std::string& full, const Place& place) {
    if (placed.rule.at < Stage::mail || placed.rule.shadow) return;
    for (const Test& test : cell.tests) {
      const auto* name = std::get_if<TextTest>(&test.what);
      const auto* truth = std::get_if<BooleanTest>(&test.what);
      if (test.negated || (truth != nullptr && !truth->value)) return;
      std::size_t heard = 0, lists = 0;
      for (const auto& other : rules_) {
        const auto block = blocking(other.rule);
        if (!block || other.rule.shadow || (name != nullptr && !equal_folded(block->list, name->text))) continue;
        ++lists;
        const auto from = other.rule.block ? refused_from(policy_, *other.rule.block) : std::nullopt;
        if (!block->time->refuse || !from || *from > placed.rule.at) ++heard;
      }
      if (lists == 0 || heard > 0) return;
    }
    if (cell.tests.empty()) return;
    problems_.warning(place, "rule \"" + placed.rule.name + "\"." + full,
                      "the rule never acts: a blocked key is refused before the rules of this stage; give the block "
                      "refuse = false, or put the rule "
                      "at connect or helo");
  }

  // Each name must block something, at this stage.
  void asked(const PlacedRule& placed, const Cell& cell, std::string_view key, const Place& place) {
    std::vector<std::string_view> names;
    bool any_known = false;
    for (const auto& other : rules_) {
      const auto block = blocking(other.rule);
      if (!block || other.rule.shadow) continue;
      names.push_back(block->list);
      any_known = any_known || known(block->by, placed.rule.at);
    }
    const std::string full = std::string(key) + ".blocked", stage(to_string(placed.rule.at));
    if (key == "when") refused_before(placed, cell, full, place);
    if (names.empty() && !all_read_) return;  // the rule that blocks may be the one with a mistake
    if (names.empty())
      return error(placed, place, full,
                   "no rule blocks a key: add block = { by, for } to a rule, or block = \"1d\" to its limit");
    for (const Test& test : cell.tests) {
      const auto* name = std::get_if<TextTest>(&test.what);
      if (name == nullptr) {
        if (!any_known) error(placed, place, full, "no blocked key is known at " + stage);
        continue;
      }
      bool found = false, fits = false;
      for (const auto& other : rules_) {
        const auto block = blocking(other.rule);
        if (!block || other.rule.shadow || !equal_folded(block->list, name->text)) continue;
        found = true;
        fits = fits || known(block->by, placed.rule.at);
      }
      if (!found && !all_read_) continue;
      if (!found) {
        const auto guess = nearest(name->text, names);
        error(placed, place, full,
              "no rule or limit named " + cleaned(name->text, false, 60) + " blocks keys" +
                  (guess.empty() ? "" : "; did you mean " + std::string(guess) + "?"));
      } else if (!fits) {
        error(placed, place, full, "the key that " + name->text + " blocks is not known at " + stage);
      }
    }
  }

  const std::vector<PlacedRule>& rules_;
  const bool all_read_;  // else some rules are missing here
  const Policy& policy_;
  Problems& problems_;
};

}  // namespace

void validate_blocks(const std::vector<PlacedRule>& rules, bool all_read, const Policy& policy, Problems& problems) {
  BlockValidator(rules, all_read, policy, problems).run();
}

}  // namespace mailweir
