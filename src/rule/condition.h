// SPDX-License-Identifier: BSD-2-Clause
// Conditions: what `when` and `unless` hold, compiled. A fact that is absent, a check that was skipped and a lookup
// that failed make a condition unknown, and unknown satisfies neither `when` nor `unless`. outage: a list that decides
// could not be asked; what then is the rule's on_outage. The null sender is a fact that only "<>", "!<>" and lists
// speak of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "fact/facts.h"
#include "fact/ref.h"
#include "port/pattern.h"
#include "port/table.h"

namespace mailweir {

enum class Tri : std::uint8_t { no, yes, unknown, outage };

struct NumberTest {
  enum class Op : std::uint8_t { equal, above, at_least, below, at_most };
  Op op = Op::equal;
  std::int64_t number = 0;
};
struct NameTest {  // domains and mail addresses; all folded
  enum class Kind : std::uint8_t { address, user, domain, below, null_sender };
  Kind kind = Kind::domain;
  std::string text;  // "user@example.com", "user", "example.com", "example.com" (for .example.com), ""
};
struct TextTest {
  std::string text;
};  // equal when folded
struct BooleanTest {
  bool value = true;
};
struct ListedTest {};  // of block lists: in any of them
struct TableTest {
  TablePtr table;
};

// One value of a condition: `negated` is the leading "!".
struct Test {
  bool negated = false;
  std::variant<TextTest, NameTest, NumberTest, BooleanTest, ListedTest, Network, PatternPtr, TableTest> what;
};

// One key of a condition table: any of the positive tests must match, none of the negated ones.
struct Cell {
  FactRef fact;
  std::vector<Test> tests;
  bool names_temperror = false;  // "temperror" is among the positive tests
  std::string text;              // "iprev = [\"fail\"]", for explain

  Tri ask(Facts& facts) const;
  // Of a value that the fact has.
  Tri ask(const FactValue& value) const;
};

// An array of tables: in each all cells must hold; any table may hold. Cells are kept cheap first, checks last.
struct Conditions {
  std::vector<std::vector<Cell>> tables;

  bool empty() const { return tables.empty(); }
  // With `checks` false, cells that need a lookup count as unknown and are not asked.
  Tri ask(Facts& facts, bool checks = true) const;
  // The same, each cell asked by `ask_cell`, at most once.
  template <typename AskCell>
  Tri ask(bool checks, AskCell&& ask_cell) const;
};

template <typename AskCell>
Tri Conditions::ask(bool checks, AskCell&& ask_cell) const {
  Tri whole = Tri::no;
  for (const auto& table : tables) {
    Tri all = Tri::yes;
    for (const Cell& cell : table) {
      if (all == Tri::unknown && cell.fact.check()) break;  // it can't become yes any more: nothing is asked
      const Tri one = cell.fact.check() && !checks ? Tri::unknown : ask_cell(cell);
      if (one == Tri::no) {
        all = Tri::no;
        break;
      }
      if (one == Tri::unknown || (one == Tri::outage && all == Tri::yes)) all = one;  // unknown can never become yes
    }
    if (all == Tri::yes) return Tri::yes;
    if (all == Tri::outage || (all == Tri::unknown && whole == Tri::no)) whole = all;
  }
  return whole;
}

}  // namespace mailweir
