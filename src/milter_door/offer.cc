// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/offer.h"

#include <algorithm>
#include <string>

namespace mailweir::milter {
namespace {

std::string hexadecimal(std::uint32_t bits) {
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) {
    const auto digit = bits >> shift & 0xf;
    if (digit != 0 || !text.empty() || shift == 0) text += "0123456789abcdef"[digit];
  }
  return "0x" + text;
}

}  // namespace

Result<Options> agree(const Options& offered, const Options& wanted) {
  if (const auto missing = wanted.actions & ~offered.actions; missing != 0)
    return Error{"milter negotiation: the MTA does not allow the actions " + hexadecimal(missing)};
  Options answer{.version = std::min({offered.version, wanted.version, highest_version}),
                 .actions = wanted.actions,
                 .steps = wanted.steps & offered.steps & step::all};
  if ((offered.actions & action::set_macros) != 0) answer.macros = wanted.macros;
  return answer;
}

Result<void> check_answer(const Options& offered, const Options& answer) {
  if (answer.version > offered.version)
    return Error{"milter negotiation: the filter requested version " + std::to_string(answer.version) +
                 "; the offer was " + std::to_string(offered.version)};
  if (const auto more = answer.actions & ~offered.actions; more != 0)
    return Error{"milter negotiation: the filter requested actions that were not offered: " + hexadecimal(more)};
  if (const auto more = answer.steps & ~offered.steps; more != 0)
    return Error{"milter negotiation: the filter requested steps that were not offered: " + hexadecimal(more)};
  return {};
}

}  // namespace mailweir::milter
