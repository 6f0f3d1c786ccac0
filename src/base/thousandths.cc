// SPDX-License-Identifier: BSD-2-Clause
#include "base/thousandths.h"

#include <cmath>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::uint64_t bound = 1'000'000'000'000;

}  // namespace

std::optional<std::int64_t> parse_thousandths(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto point = text.find('.');
  const auto whole = to_number(text.substr(0, point));
  if (!whole || *whole >= bound) return {};
  std::uint64_t parts = 0;
  if (point != text.npos) {
    std::string digits(text.substr(point + 1));
    if (digits.empty() || digits.size() > 3) return {};
    digits.resize(3, '0');
    const auto behind = to_number(digits);
    if (!behind) return {};
    parts = *behind;
  }
  const auto all = static_cast<std::int64_t>(*whole * 1000 + parts);
  return negative ? -all : all;
}

std::optional<std::int64_t> to_thousandths(double number) {
  if (!std::isfinite(number) || std::fabs(number) >= static_cast<double>(bound)) return {};
  return std::llround(number * 1000);
}

std::string thousandths_text(std::int64_t thousandths) {
  const auto size = static_cast<std::uint64_t>(thousandths < 0 ? -thousandths : thousandths);
  std::string text = (thousandths < 0 ? "-" : "") + std::to_string(size / 1000);
  if (size % 1000 == 0) return text;
  std::string parts = std::to_string(1000 + size % 1000).substr(1);
  while (parts.ends_with('0')) parts.pop_back();
  return text + '.' + parts;
}

}  // namespace mailweir
