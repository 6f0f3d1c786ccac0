// SPDX-License-Identifier: BSD-2-Clause
#include "fact/check_set.h"

namespace mailweir {

std::string CheckSet::names() const {
  std::string text;
  const auto name = [&](std::string_view one) { text += (text.empty() ? "" : " ") + std::string(one); };
  for (const auto& fact : all_facts())
    if (fact.check && fact.part_of.empty() && has(fact.id)) name(fact.name);
  return text;
}

CheckSet CheckSet::all() {
  CheckSet all(Bits().set());
  for (const auto& fact : all_facts())
    if (fact.type == FactType::blocked) all.bits_.reset(fact.number);
  return all;
}

}  // namespace mailweir
