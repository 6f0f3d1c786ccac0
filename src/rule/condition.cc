// SPDX-License-Identifier: BSD-2-Clause
#include "rule/condition.h"

#include <algorithm>

#include "base/text.h"
#include "fact/find_first.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

bool is_null_sender(const FactItem& item, FactType type) {
  return type == FactType::address && item.address->is_null();
}

bool name_matches(const NameTest& test, const FactItem& item, FactType type) {
  if (type == FactType::address) {
    const Address& address = *item.address;
    switch (test.kind) {
      case NameTest::Kind::null_sender: return address.is_null();
      case NameTest::Kind::address:
        return address.text() == test.text || (!address.is_plain() && address.plain() == test.text);
      case NameTest::Kind::user: return address.local() == test.text || address.plain_local() == test.text;
      case NameTest::Kind::domain: return address.domain() == test.text;
      case NameTest::Kind::below: return address.domain() != test.text && is_at_or_below(address.domain(), test.text);
    }
  }
  if (test.kind != NameTest::Kind::below && equal_folded(item.text, test.text)) return true;
  const std::string name = compared_domain(item.text);
  return test.kind == NameTest::Kind::below ? name != test.text && is_at_or_below(name, test.text) : name == test.text;
}

bool number_matches(const NumberTest& test, std::int64_t number) {
  switch (test.op) {
    case NumberTest::Op::equal: return number == test.number;
    case NumberTest::Op::above: return number > test.number;
    case NumberTest::Op::at_least: return number >= test.number;
    case NumberTest::Op::below: return number < test.number;
    case NumberTest::Op::at_most: return number <= test.number;
  }
  return false;
}

bool in_table(const Table& table, std::span<const FactItem> items, FactType type, bool& outage) {
  const Found found = find_first_in(table, items, type);
  outage = outage || found.is_outage();
  return found.has_value();
}

bool matches(const Test& test, const FactItem& item, FactType type, bool& outage) {
  struct Visitor {
    const FactItem& item;
    FactType type;
    bool& outage;
    bool operator()(const TextTest& t) const {
      return equal_folded(item.text, t.text) && (type != FactType::blocked || item.number != 0);
    }
    bool operator()(const NameTest& t) const { return name_matches(t, item, type); }
    bool operator()(const NumberTest& t) const { return number_matches(t, item.number); }
    bool operator()(const BooleanTest& t) const { return (item.number != 0) == t.value; }
    bool operator()(const ListedTest&) const { return item.text != "none"; }
    bool operator()(const Network& t) const { return t.contains(*item.ip); }
    bool operator()(const PatternPtr& t) const {
      if (type == FactType::ip) return t->matches(item.ip->to_string());
      if (is_null_sender(item, type)) return false;  // "/.*/" does not name it
      return t->matches(type == FactType::address ? std::string_view(item.address->text()) : item.text);
    }
    bool operator()(const TableTest& t) const { return in_table(*t.table, {&item, 1}, type, outage); }
  };
  return std::visit(Visitor{item, type, outage}, test.what);
}

}  // namespace

Tri Cell::ask(Facts& facts) const { return ask(facts.get(fact)); }

Tri Cell::ask(const FactValue& value) const {
  if (value.state == FactValue::State::absent) return Tri::unknown;
  if (value.state == FactValue::State::temperror) return names_temperror ? Tri::yes : Tri::unknown;
  if (value.state == FactValue::State::outage) return Tri::outage;
  bool positives = false, negatives = false, hit = false, may_hit = false, may_fail = false;
  for (const Test& test : tests) {
    bool any = false, outage = false;
    if (const auto* table = std::get_if<TableTest>(&test.what))
      any = in_table(*table->table, value.items(), fact.type(), outage);
    else
      for (const FactItem& item : value.items()) any = any || matches(test, item, fact.type(), outage);
    if (test.negated && any) return Tri::no;
    (test.negated ? negatives : positives) = true;
    hit = hit || (!test.negated && any);
    (test.negated ? may_fail : may_hit) |= outage;
  }
  if (may_fail || (may_hit && !hit)) return Tri::outage;
  // The null sender is matched only where it is named, by "<>" or a list that has it; anything else says nothing of it.
  const auto null = [&](const FactItem& item) { return is_null_sender(item, fact.type()); };
  if (const auto items = value.items(); std::all_of(items.begin(), items.end(), null))
    return hit ? Tri::yes : Tri::unknown;
  // Of block lists some did not answer: a listing found stands, "not listed" does not.
  if (value.partial && (negatives || !hit || value.many.empty())) return names_temperror ? Tri::yes : Tri::unknown;
  return !positives || hit ? Tri::yes : Tri::no;
}

Tri Conditions::ask(Facts& facts, bool checks) const {
  return ask(checks, [&facts](const Cell& cell) { return cell.ask(facts); });
}

}  // namespace mailweir
