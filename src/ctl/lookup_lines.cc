// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/lookup_lines.h"

#include "base/text.h"

namespace mailweir {

std::string lookup_lines(const std::vector<TimedLookup>& lookups) {
  std::string text;
  for (const auto& one : lookups) {
    text += "  " + cleaned(one.question.name, true, 255) + ' ' + std::string(dns::to_string(one.question.type)) + "  ";
    text += one.answer ? std::string(dns::to_string(one.answer->status)) : "no answer yet";
    if (one.answer && !one.answer->detail.empty()) text += " (" + cleaned(one.answer->detail, true, 200) + ')';
    text += "  " + std::to_string(one.took.count()) + " us" + (one.cached ? ", already known" : "") + '\n';
  }
  return text;
}

}  // namespace mailweir
