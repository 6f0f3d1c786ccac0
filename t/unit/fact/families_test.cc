// SPDX-License-Identifier: BSD-2-Clause
// The order of the families of facts: a circle of families is refused when the list is first used.
#include "fact/family.h"

#include <vector>

#include <doctest/doctest.h>

namespace mailweir {
namespace {

TEST_CASE("families: a family reads those that stand before it only") {
  struct Row {
    const char* label;
    std::vector<FactFamily> families;
    std::string_view want;
  };
  const Row rows[] = {
      {"none", {}, ""},
      {"apart", {{"a", {}, ""}, {"b", {}, ""}}, ""},
      {"in order", {{"a", {}, ""}, {"b", {}, "a"}, {"c", {}, "b a"}}, ""},
      {"itself", {{"a", {}, "a"}}, "facts: the family a reads a, which does not stand before it"},
      {"a later one",
       {{"a", {}, ""}, {"b", {}, "a c"}, {"c", {}, ""}},
       "facts: the family b reads c, which does not stand before it"},
      {"a circle of two",
       {{"a", {}, "b"}, {"b", {}, "a"}},
       "facts: the family a reads b, which does not stand before it"},
      {"a circle of three",
       {{"a", {}, "c"}, {"b", {}, "a"}, {"c", {}, "b"}},
       "facts: the family a reads c, which does not stand before it"},
      {"one that is missing", {{"a", {}, "none"}}, "facts: the family a reads none, which does not stand before it"},
      {"one name twice", {{"a", {}, ""}, {"a", {}, ""}}, "facts: two families are named a"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.label);
    std::vector<const FactFamily*> list;
    for (const auto& family : row.families) list.push_back(&family);
    CHECK(objection_to_order(list) == row.want);
  }
}

TEST_CASE("families: the list is in order") {
  CHECK(all_families().size() > 15);
  CHECK(objection_to_order(all_families()) == "");
}

}  // namespace
}  // namespace mailweir
