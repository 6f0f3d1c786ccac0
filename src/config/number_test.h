// SPDX-License-Identifier: BSD-2-Clause
// What a condition on a number says: "50", "> 50", ">= 25MiB"; of one with decimals "< -1.5"; of
// versions "< 1.2". A pure function.
#pragma once

#include <optional>
#include <string_view>

#include "rule/condition.h"

namespace mailweir {

// `type`: number, decimal or version. Nothing: it is no comparison.
std::optional<NumberTest> read_number_test(std::string_view text, FactType type);

}  // namespace mailweir
