// SPDX-License-Identifier: BSD-2-Clause
// Thousandths: numbers with decimals, such as the scores of spam scanners, as whole numbers: 6.5 is 6500. So "6.5" and
// a score of 6.5 are equal, which binary fractions do not promise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

// "6", "6.5", "-0.25", "+1.125": at most three digits behind the point, no exponent, below 10^12. Nothing: it is no
// such number.
std::optional<std::int64_t> parse_thousandths(std::string_view text);
// The nearest one; nothing: not finite, or 10^12 and more.
std::optional<std::int64_t> to_thousandths(double number);
// The shortest that parse_thousandths() reads as the same: "6", "6.5", "-0.25".
std::string thousandths_text(std::int64_t thousandths);

}  // namespace mailweir
