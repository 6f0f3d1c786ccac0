// SPDX-License-Identifier: BSD-2-Clause
#include "config/conditions.h"

#include <algorithm>
#include <functional>
#include <sstream>

#include "base/doubtful_text.h"
#include "base/text.h"
#include "base/thousandths.h"
#include "config/foreign_spelling.h"
#include "config/number_test.h"
#include "config/why_no_network.h"
#include "fact/dnsbl_subject.h"
#include "mail/case_fold.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::size_t most_doubts = 20;  // that are told of one map

// Facts whose condition names the map that they are asked of.
bool takes_map(FactId id) { return info(id).argument == FactArgument::map; }

class ConditionReader {
 public:
  // `where` makes of a fact's name the key of its place.
  using Where = std::function<std::string(std::string_view fact)>;
  ConditionReader(Registry& registry, Problems& problems, Places& places)
      : registry_(registry), problems_(problems), places_(places) {}

  void read_table(const toml::table& table, const std::string& key, const std::string& prefix, const Where& where,
                  std::vector<Cell>& cells);

 private:
  void read_cell(const toml::node& node, const std::string& name, const std::string& key, std::vector<Cell>& cells);
  void read_value(const toml::node& node, const std::string& key, Cell& cell);
  void read_text(std::string text, const toml::node& node, const std::string& key, Cell& cell);
  bool read_test(const std::string& text, const toml::node& node, const std::string& key, Cell& cell, Test& test);
  bool read_name(const std::string& text, const toml::node& node, const std::string& key, FactType type, Test& test);
  bool read_dnsbl(const std::string& text, const toml::node& node, const std::string& key, Cell& cell, Test& test);
  bool read_number(std::string_view text, const toml::node& node, const std::string& key, FactType type, Test& test);
  bool is_ours(const std::string& text, const toml::node& node, const std::string& key, const FactRef& fact);
  void doubt_logins(const std::string& map, const toml::node& node, const std::string& key, const Table* owners);
  bool fail(const toml::node& node, const std::string& key, std::string_view why) {
    problems_.error(place_of(node), key, why);
    return false;
  }

  Registry& registry_;
  Problems& problems_;
  Places& places_;
};

std::string source_text(const std::string& name, const toml::node& node) {
  std::ostringstream out;
  out << name << " = ";
  node.visit([&](const auto& value) {
    if constexpr (toml::is_string<decltype(value)>) out << '"' << value.get() << '"';
    else if constexpr (toml::is_value<decltype(value)>) out << value;
    else if constexpr (toml::is_array<decltype(value)>) out << toml::toml_formatter(value);
  });
  return out.str();
}

// TOML reads header.Subject = "x" as a table in the table: both spellings mean the same.
void ConditionReader::read_table(const toml::table& table, const std::string& key, const std::string& prefix,
                                 const Where& where, std::vector<Cell>& cells) {
  for (const auto& [name, node] : table) {
    const std::string full = prefix + std::string(name.str());
    if ((full == "header" || full == "egress_spf" || full == "from_dmarc") && node.is_table()) {
      read_table(*node.as_table(), key, full + '.', where, cells);
      continue;
    }
    places_.emplace(where(full), place_of(name));
    read_cell(node, full, key + '.' + full, cells);
  }
}

void ConditionReader::read_cell(const toml::node& node, const std::string& name, const std::string& key,
                                std::vector<Cell>& cells) {
  auto fact = registry_.fact(name);
  if (!fact) {
    fail(node, key, fact.error().what);
    return;
  }
  Cell cell;
  cell.fact = std::move(*fact);
  if (is_dnsbl_score(cell.fact.id)) {
    const DnsblKind kind = dnsbl_kind(*dnsbl_subject(cell.fact.id));
    bool any = false;
    for (const Dnsbl& list : registry_.dnsbl()) {
      if (list.kind != kind) continue;
      any = true;
      registry_.used_dnsbl(list.name);
    }
    if (!any) fail(node, key, "needs a [dnsbl.NAME] of kind \"" + std::string(to_string(kind)) + "\"");
  }
  cell.text = source_text(name, node);
  const auto* array = node.as_array();
  if (array == nullptr) {
    read_value(node, key, cell);
  } else if (array->empty()) {
    fail(node, key, "is empty: no value could ever match");
  } else {
    for (const auto& element : *array) read_value(element, key, cell);
  }
  cells.push_back(std::move(cell));
}

void ConditionReader::read_value(const toml::node& node, const std::string& key, Cell& cell) {
  const FactType type = cell.fact.type();
  Test test;
  if (const auto* text = node.as_string()) {
    read_text(text->get(), node, key, cell);
    return;
  }
  if (const auto* boolean = node.as_boolean(); boolean != nullptr &&
                                               (type == FactType::boolean || type == FactType::blocked) &&
                                               !cell.fact.map && !takes_map(cell.fact.id)) {
    test.what = BooleanTest{boolean->get()};
  } else if (const auto* number = node.as_integer(); number != nullptr && type == FactType::number) {
    test.what = NumberTest{NumberTest::Op::equal, number->get()};
  } else if (type == FactType::decimal && node.is_number()) {
    const auto thousandths = to_thousandths(*node.value<double>());
    if (!thousandths) {
      fail(node, key, "is out of range");
      return;
    }
    test.what = NumberTest{NumberTest::Op::equal, *thousandths};
  } else {
    fail(node, key,
         "is " + std::string(kind_of(node)) + ", must be " +
             (takes_map(cell.fact.id)     ? "\"map:NAME\""
              : type == FactType::boolean ? "true or false"
              : type == FactType::blocked ? "true, false, or the name of a limit or rule that blocks"
              : type == FactType::number  ? "a number or a comparison like \"> 50\""
              : type == FactType::version ? "a version or a comparison in quotes, like \"< 1.2\""
              : type == FactType::decimal ? "a number or a comparison like \">= 6.5\""
                                          : "a string"));
    return;
  }
  cell.tests.push_back(std::move(test));
}

void ConditionReader::read_text(std::string text, const toml::node& node, const std::string& key, Cell& cell) {
  Test test;
  if (text.starts_with('!')) {
    test.negated = true;
    text.erase(0, 1);
  }
  if (text.empty()) {
    fail(node, key,
         "is empty: no value could ever match" +
             std::string(cell.fact.type() == FactType::address ? "; the null sender is \"<>\"" : ""));
    return;
  }
  if (read_test(text, node, key, cell, test)) cell.tests.push_back(std::move(test));
}

bool ConditionReader::read_test(const std::string& text, const toml::node& node, const std::string& key, Cell& cell,
                                Test& test) {
  const FactType type = cell.fact.type();
  const bool reference = text.starts_with("list:") || text.starts_with("map:");
  if (takes_map(cell.fact.id)) {
    if (!text.starts_with("map:"))
      return fail(node, key, "must be \"map:NAME\": the map of addresses and the logins that may use them");
    if (cell.fact.map) return fail(node, key, "takes only one map");
    cell.fact.map = registry_.table(text, place_of(node), key);
    doubt_logins(text, node, key, cell.fact.map.get());
    test.what = BooleanTest{!test.negated};
    test.negated = false;
    return cell.fact.map != nullptr;
  }
  if (type == FactType::dnsbl) return read_dnsbl(text, node, key, cell, test);
  if (type == FactType::boolean) return fail(node, key, "must be true or false, without quotes");
  if (type == FactType::number || type == FactType::decimal || type == FactType::version)
    return read_number(text, node, key, type, test);
  if (reference && type == FactType::blocked)
    return fail(node, key, "must be true, false, or the name of a limit or rule that blocks");
  if (reference && type != FactType::word) {
    auto table = registry_.table(text, place_of(node), key);
    const bool found = table != nullptr;
    test.what = TableTest{std::move(table)};
    return found;
  }
  if (text.size() >= 2 && text.starts_with('/') && text.ends_with('/') && type != FactType::word &&
      type != FactType::blocked) {
    auto pattern = registry_.builders().pattern(std::string_view(text).substr(1, text.size() - 2));
    if (!pattern) return fail(node, key, pattern.error().what);
    test.what = std::move(*pattern);
    return true;
  }
  if (!is_ours(text, node, key, cell.fact)) return false;
  switch (type) {
    case FactType::word: {
      const auto allowed = words(info(cell.fact.id).words);
      if (std::find(allowed.begin(), allowed.end(), text) == allowed.end())
        return fail(node, key,
                    "\"" + cleaned(text, false, 60) + "\" is not one of: " + std::string(info(cell.fact.id).words));
      if (text == "temperror") cell.names_temperror = !test.negated;
      test.what = TextTest{text};
      return true;
    }
    case FactType::ip: {
      const auto network = Network::parse(text);
      if (!network) return fail(node, key, why_no_network(text, "an address, a network or a list"));
      test.what = *network;
      return true;
    }
    case FactType::domain:
    case FactType::address: return read_name(text, node, key, type, test);
    default: test.what = TextTest{text}; return true;
  }
}

// Whether the value is one of ours; a doubtful one is, with a warning.
bool ConditionReader::is_ours(const std::string& text, const toml::node& node, const std::string& key,
                              const FactRef& fact) {
  const auto found = foreign_spelling(text, fact);
  if (!found) return true;
  if (!found->may_be_meant) return fail(node, key, found->why);
  problems_.warning(place_of(node), key, found->why);
  return true;
}

// Logins that cannot exist: "@example.com" does not stand for those of a domain.
void ConditionReader::doubt_logins(const std::string& map, const toml::node& node, const std::string& key,
                                   const Table* owners) {
  if (owners == nullptr) return;
  std::size_t told = 0;
  owners->each([&](std::string_view address, std::string_view logins) {
    std::string list(logins);
    std::replace(list.begin(), list.end(), ',', ' ');
    for (const auto login : words(list)) {
      const auto why =
          login.starts_with('@')
              ? std::string("is not a login: * means any login; the logins of a domain cannot be named together")
              : doubt_about(login);
      if (why.empty() || ++told > most_doubts) continue;
      problems_.warning(
          place_of(node), key,
          map + ": " + cleaned(address, false, 80) + ": the login \"" + cleaned(login, false, 60) + "\" " + why);
    }
  });
}

bool ConditionReader::read_dnsbl(const std::string& text, const toml::node& node, const std::string& key, Cell& cell,
                                 Test& test) {
  const DnsblKind kind = dnsbl_kind(*dnsbl_subject(cell.fact.id));
  const auto& lists = registry_.dnsbl();
  const auto ask = [&](std::size_t place) {
    const auto zone = static_cast<std::uint16_t>(place);
    if (std::find(cell.fact.zones.begin(), cell.fact.zones.end(), zone) == cell.fact.zones.end())
      cell.fact.zones.push_back(zone);
    registry_.used_dnsbl(lists[place].name);
  };
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (lists[i].kind != kind) continue;
    known.push_back(lists[i].name);
    if (text == "any" || text == "none" || text == "temperror") ask(i);
    if (text != lists[i].name) continue;
    ask(i);
    test.what = TextTest{text};
    return true;
  }
  if (known.empty()) return fail(node, key, "needs a [dnsbl.NAME] of kind \"" + std::string(to_string(kind)) + "\"");
  if (text == "any") test.what = ListedTest{};
  else if (text == "none" || text == "temperror") test.what = TextTest{text};
  else {
    for (const Dnsbl& list : lists)
      if (list.name == text)
        return fail(node, key,
                    text + " is a DNSBL of kind \"" + std::string(to_string(list.kind)) +
                        "\"; this fact needs one of kind \"" + std::string(to_string(kind)) + '"');
    const auto guess = nearest(text, known);
    return fail(node, key,
                "[dnsbl." + cleaned(text, false, 60) + "] does not exist" +
                    (guess.empty() ? "" : "; did you mean " + std::string(guess) + "?"));
  }
  if (text == "temperror") cell.names_temperror = !test.negated;
  return true;
}

bool ConditionReader::read_name(const std::string& text, const toml::node& node, const std::string& key, FactType type,
                                Test& test) {
  using Kind = NameTest::Kind;
  const auto domain = [&](std::string_view name, Kind kind) {
    const auto known = to_domain(name);
    if (!known) return fail(node, key, "\"" + cleaned(text, false, 60) + "\" is not a valid domain name");
    test.what = NameTest{kind, *known};
    return true;
  };
  const auto at = text.rfind('@');
  if (type == FactType::domain && at != text.npos)
    return fail(node, key, "is a mail address, must be a domain: \"example.com\" or \".example.com\"");
  if (text == "<>") {
    if (type == FactType::domain) return fail(node, key, "<> has no domain; ask for sender = \"<>\"");
    test.what = NameTest{Kind::null_sender, {}};
    return true;
  }
  if (text.starts_with('.')) return domain(std::string_view(text).substr(1), Kind::below);
  if (at == text.npos) return domain(text, Kind::domain);
  if (at == 0) return domain(std::string_view(text).substr(1), Kind::domain);  // "@example.com", as in other software
  if (at + 1 == text.size()) test.what = NameTest{Kind::user, case_folded(std::string_view(text).substr(0, at))};
  else test.what = NameTest{Kind::address, Address::parse(text).text()};
  return true;
}

bool ConditionReader::read_number(std::string_view text, const toml::node& node, const std::string& key, FactType type,
                                  Test& test) {
  const auto number = read_number_test(text, type);
  if (!number)
    return fail(
        node, key,
        "\"" + cleaned(text, false, 60) + "\" is not a " +
            (type == FactType::version   ? "version; write \"1.3\", \"< 1.2\""
             : type == FactType::decimal ? "comparison; write 6.5, \"> 6\", \"<= -1.25\", with at most three decimals"
                                         : "comparison; write 50, \"> 50\", \">= 25MiB\""));
  test.what = *number;
  return true;
}

}  // namespace

std::string place_of_cell(std::string_view when_or_unless, std::size_t table, std::string_view fact) {
  return std::string(when_or_unless) + '.' + std::to_string(table) + '.' + std::string(fact);
}

Conditions read_conditions(const toml::node& node, const std::string& key, std::string_view when_or_unless,
                           Registry& registry, Problems& problems, Places& places) {
  Conditions conditions;
  ConditionReader reader(registry, problems, places);
  const auto read = [&](const toml::node& one) {
    const auto* table = one.as_table();
    if (table == nullptr || table->empty()) {
      problems.error(
          place_of(one), key,
          table == nullptr ? "must be a table of facts, or an array of such tables" : "is empty; leave it out");
      return;
    }
    std::vector<Cell> cells;
    const auto where = [&](std::string_view fact) {
      return place_of_cell(when_or_unless, conditions.tables.size(), fact);
    };
    reader.read_table(*table, key, "", where, cells);
    // Cheap first, lookups last, so that a lookup that cannot matter is not waited for.
    std::stable_partition(cells.begin(), cells.end(), [](const Cell& cell) { return !cell.fact.check(); });
    conditions.tables.push_back(std::move(cells));
  };
  if (const auto* array = node.as_array()) {
    for (const auto& element : *array) read(element);
    if (array->empty()) problems.error(place_of(node), key, "is empty; leave it out");
  } else {
    read(node);
  }
  return conditions;
}

}  // namespace mailweir
