// SPDX-License-Identifier: BSD-2-Clause
// The cutting into packets, and the negotiation.
#include "milter_door/codec.h"

#include <algorithm>

namespace mailweir::milter {
namespace {

constexpr std::size_t length_bytes = 4;

std::uint32_t number_at(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

std::string hexadecimal(std::uint32_t bits) {
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) {
    const auto digit = bits >> shift & 0xf;
    if (digit != 0 || !text.empty() || shift == 0) text += "0123456789abcdef"[digit];
  }
  return "0x" + text;
}

}  // namespace

void Reader::feed(std::string_view bytes) {
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_.append(bytes);
}

Result<std::optional<Packet>> Reader::next() {
  const auto rest = std::string_view(buffer_).substr(taken_);
  if (rest.size() < length_bytes) return std::optional<Packet>();
  const std::size_t length = number_at(rest);
  if (length == 0) return Error{"milter packet without a command"};
  if (length - 1 > longest_)
    return Error{"milter packet of " + std::to_string(length) + " bytes is over the limit of " + std::to_string(longest_)};
  if (rest.size() - length_bytes < length) return std::optional<Packet>();
  taken_ += length_bytes + length;
  return std::optional<Packet>(Packet{rest[length_bytes], rest.substr(length_bytes + 1, length - 1)});
}

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
    return Error{"milter negotiation: the filter wants version " + std::to_string(answer.version) + ", offered was " +
                 std::to_string(offered.version)};
  if (const auto more = answer.actions & ~offered.actions; more != 0)
    return Error{"milter negotiation: the filter wants actions that were not offered: " + hexadecimal(more)};
  if (const auto more = answer.steps & ~offered.steps; more != 0)
    return Error{"milter negotiation: the filter wants steps that were not offered: " + hexadecimal(more)};
  return {};
}

}  // namespace mailweir::milter
