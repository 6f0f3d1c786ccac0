// SPDX-License-Identifier: BSD-2-Clause
#include "rule/reply_template.h"

#include <algorithm>

#include "base/text.h"

namespace mailweir {

std::string Template::fill(Facts& facts, std::string_view rule, const LimitWords* limit) const {
  struct Visitor {
    Facts& facts;
    std::string_view rule;
    const LimitWords* limit;
    std::string operator()(const std::string& literal) const { return literal; }
    std::string operator()(const FactRef& fact) const {
      return cleaned(facts.to_text(fact), false, fact.info().longest_text);
    }
    std::string operator()(Special special) const {
      switch (special) {
        case Special::limit: return limit ? limit->limit : std::string();
        case Special::count: return limit ? limit->count : std::string();
        case Special::retry_after: return limit ? limit->retry_after : std::string();
        case Special::rule: return std::string(rule);
        case Special::id: return facts.transaction().id;
      }
      return {};
    }
  };
  std::string text;
  for (const auto& segment : segments_) text += std::visit(Visitor{facts, rule, limit}, segment.what);
  return text;
}

bool Template::tells(Special what) const {
  return std::any_of(segments_.begin(), segments_.end(), [what](const Segment& segment) {
    const auto* special = std::get_if<Special>(&segment.what);
    return special != nullptr && *special == what;
  });
}

}  // namespace mailweir
