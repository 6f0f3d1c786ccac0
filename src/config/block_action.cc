// SPDX-License-Identifier: BSD-2-Clause
#include "config/block_action.h"

#include <algorithm>
#include <variant>

#include "base/text.h"
#include "config/conditions.h"
#include "config/known_fact.h"
#include "rule/blocking.h"

namespace mailweir {

namespace {

Result<BlockTime> parse_time(const std::string& text) { return parse_block_time(text); }

Form<BlockTime> block_time() {
  return form::required("a time span like \"1d\", or \"until-midnight\"", form::parsed(parse_time));
}

void read_list_name(const KeyPlace& place, std::string& list) {
  const auto name = place.text();
  if (!name) return;
  list = name->value;
  if (list.empty() || list.size() > 100) place.wrong("a list's name has 1 to 100 characters");
}

}  // namespace

Form<std::vector<FactRef>> key_facts(const std::string& of, const std::string& if_empty) {
  return {[=](const KeyPlace& place, std::vector<FactRef>& by) {
    const auto names = place.texts();
    if (!names) return;
    if (names->empty() && !if_empty.empty()) place.wrong(if_empty);
    for (const auto& name : *names) {
      place.makings.places->emplace(of + ".by." + name.value, name.place);
      auto fact = place.makings.registry.fact(name.value);
      if (!fact) place.wrong(name.place, fact.error().what);
      else if (fact->info().many || (fact->check() && !(fact->info().limit_key && of == "limit")))
        place.wrong(name.place, name.value + " cannot be a key: it is a check or has several values");
      else by.push_back(std::move(*fact));
    }
  }};
}

const Keys<BlockTime>& block_time_keys() {
  static const Keys<BlockTime> keys = {
      {"for", std::identity{}, block_time(), reloads},
      {"refuse", &BlockTime::refuse, form::boolean(), reloads},
  };
  return keys;
}

const Keys<BlockAction>& block_keys() {
  static const Keys<BlockAction> keys = {
      {"name", &BlockAction::list, {read_list_name}, reloads},
      {"by", &BlockAction::by,
       form::required("the fact whose value is blocked, for example client_address or sasl_username",
                      key_facts("block", "is empty: all mail would be blocked")),
       reloads},
      {"for", &BlockAction::time, block_time(), reloads},
      {"refuse", within(&BlockAction::time, &BlockTime::refuse), form::boolean(), reloads},
      {"ipv4_prefix", &BlockAction::prefix4, form::number<unsigned>(8, 32), reloads},
      {"ipv6_prefix", &BlockAction::prefix6, form::number<unsigned>(16, 128), reloads},
  };
  return keys;
}

void read_limit_block(const KeyPlace& place, std::optional<BlockTime>& time) {
  const auto* node = place.node();
  if (node == nullptr) return;
  BlockTime made;
  if (const auto* table = node->as_table()) read_table(block_time_keys(), place, *table, made);
  else if (node->is_string()) form::parsed(parse_time).read(place, made);
  else place.wrong("is " + std::string(kind_of(*node)) + ", must be a time span like \"1d\", or \"until-midnight\"");
  time = made;
}

void read_block(const KeyPlace& place, Rule& rule) {
  const auto* table = place.table("{ by = \"client_address\", for = \"1d\" }");
  if (table == nullptr) return;
  rule.block.emplace().list = rule.name;
  read_table(block_keys(), place, *table, *rule.block);
}

namespace {

class BlockValidator {
 public:
  BlockValidator(const std::vector<PlacedRule>& rules, bool all_read, const Policy& policy, Problems& problems)
      : rules_(rules), all_read_(all_read), policy_(policy), problems_(problems) {}

  void run() {
    for (const auto& placed : rules_) {
      action(placed);
      each_cell(placed.rule, [&](const Cell& cell, std::string_view key, std::size_t table) {
        if (cell.fact.type() == FactType::blocked)
          asked(placed, cell, key, placed.at(place_of_cell(key, table, cell.fact.name)));
      });
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
    bool any = false;
    each_cell(rule, [&](const Cell& cell, std::string_view, std::size_t) {
      if (cell.fact.type() != FactType::blocked) return;
      for (const Test& test : cell.tests) {
        const auto* name = std::get_if<TextTest>(&test.what);
        any = any || name == nullptr || equal_folded(name->text, list);
      }
    });
    return any;
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
                      "refuse = false, or put the rule at connect or helo");
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
