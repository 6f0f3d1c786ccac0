// SPDX-License-Identifier: BSD-2-Clause
#include "rule/rule_index.h"

#include <algorithm>
#include <map>

#include "mail/domain.h"

namespace mailweir {
namespace {

// Its value is at hand, and comparing it with a word is all that a condition does with it.
bool is_indexable(const FactRef& fact) {
  if (fact.check() || fact.info().argument != FactArgument::none) return false;
  switch (fact.type()) {
    case FactType::text:
    case FactType::login:
    case FactType::word:
    case FactType::domain:
    case FactType::address: return true;
    default: return false;
  }
}

bool is_plain(const Test& test, FactType type) {
  if (test.negated) return false;
  if (std::holds_alternative<TextTest>(test.what)) return type != FactType::address;
  const auto* name = std::get_if<NameTest>(&test.what);
  if (name == nullptr || name->kind == NameTest::Kind::below || name->kind == NameTest::Kind::null_sender) return false;
  return true;
}

// The cell that names the values that the fact must have; null: none does.
const Cell* naming_cell(const std::vector<Cell>& table, FactId id) {
  for (const Cell& cell : table) {
    if (cell.fact.id != id || !is_indexable(cell.fact) || cell.tests.empty()) continue;
    if (std::ranges::all_of(cell.tests, [&](const Test& test) { return is_plain(test, cell.fact.type()); }))
      return &cell;
  }
  return nullptr;
}

bool is_named_by(const Rule& rule, FactId id) {
  return !rule.when.empty() &&
         std::ranges::all_of(rule.when.tables, [id](const auto& table) { return naming_cell(table, id) != nullptr; });
}

}  // namespace

RuleIndex::RuleIndex(const std::vector<Rule>& rules) {
  std::map<std::uint8_t, std::pair<FactId, std::size_t>> named;  // by the number of the fact
  for (const Rule& rule : rules) {
    if (rule.when.empty()) continue;
    for (const Cell& cell : rule.when.tables.front())
      if (is_indexable(cell.fact) && is_named_by(rule, cell.fact.id)) {
        auto& [id, count] = named[cell.fact.info().number];
        id = cell.fact.id;
        ++count;
      }
  }
  const auto most = std::ranges::max_element(named, {}, [](const auto& one) { return one.second.second; });
  if (most == named.end() || most->second.second < least_rules) return;
  const FactId id = most->second.first;
  for (std::uint32_t place = 0; place < rules.size(); ++place) {
    const Rule& rule = rules[place];
    if (!is_named_by(rule, id)) {
      always_.push_back(place);
      continue;
    }
    ++indexed_;
    for (const auto& table : rule.when.tables) {
      const Cell* cell = naming_cell(table, id);
      if (!fact_) fact_ = cell->fact;
      for (const Test& test : cell->tests) add(test, place);
    }
  }
}

void RuleIndex::add(const Test& test, std::uint32_t place) {
  By by = By::text;
  std::string value;
  if (const auto* text = std::get_if<TextTest>(&test.what)) {
    value = folded(text->text);
  } else {
    const auto& name = std::get<NameTest>(test.what);
    value = fact_->type() == FactType::address ? name.text : folded(name.text);
    if (fact_->type() == FactType::address && name.kind == NameTest::Kind::user) by = By::user;
    if (fact_->type() == FactType::address && name.kind == NameTest::Kind::domain) by = By::domain;
  }
  auto& places = by_value_[static_cast<std::size_t>(by)][value];
  if (places.empty() || places.back() != place) places.push_back(place);
}

void RuleIndex::add_found(By by, std::string_view value, std::vector<std::uint32_t>& places) const {
  const auto& values = by_value_[static_cast<std::size_t>(by)];
  if (const auto found = values.find(value); found != values.end())
    places.insert(places.end(), found->second.begin(), found->second.end());
}

void RuleIndex::add_address(const Address& address, std::vector<std::uint32_t>& places) const {
  add_found(By::text, address.text(), places);
  add_found(By::user, address.local(), places);
  add_found(By::domain, address.domain(), places);
  if (!address.is_plain()) {
    add_found(By::text, address.plain(), places);
    add_found(By::user, address.plain_local(), places);
  }
}

void RuleIndex::find(Facts& facts, std::vector<std::uint32_t>& places) const {
  places.assign(always_.begin(), always_.end());
  const FactValue value = facts.get(*fact_);
  // Absent: unknown, which satisfies no `when`.
  if (value.state != FactValue::State::known) return;
  for (const FactItem& item : value.items()) {
    if (fact_->type() == FactType::address) {
      add_address(*item.address, places);
      continue;
    }
    const std::string text = folded(item.text);
    add_found(By::text, text, places);
    if (const std::string name = compared_domain(item.text); name != text) add_found(By::text, name, places);
  }
  if (places.size() == always_.size()) return;
  std::sort(places.begin() + static_cast<std::ptrdiff_t>(always_.size()), places.end());
  std::inplace_merge(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(always_.size()), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
}

}  // namespace mailweir
