// SPDX-License-Identifier: BSD-2-Clause
#include "fact/check_set.h"

namespace mailweir {

std::string CheckSet::names() const {
  std::string text;
  const auto name = [&](std::string_view one) { text += (text.empty() ? "" : " ") + std::string(one); };
  for (const auto& fact : all_facts()) {
    const bool part = fact.name.ends_with("_score") || fact.id == FactId::dkim_domain ||
                      fact.id == FactId::dmarc_policy || fact.id == FactId::spf_explanation;
    if (fact.check && !part && has(fact.id)) name(fact.name);
  }
  if (bits_.test(fact_count + static_cast<std::size_t>(LaterCheck::virus))) name("virus");
  if (bits_.test(fact_count + static_cast<std::size_t>(LaterCheck::spam))) name("spam");
  return text;
}

}  // namespace mailweir
