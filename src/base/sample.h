// SPDX-License-Identifier: BSD-2-Clause
// Sample: one number to print, in Prometheus's terms. base/metric.h says how a module names what it counts.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace mailweir {

// Samples of one name have one help and one kind.
struct Sample {
  enum class Kind : std::uint8_t { counter, gauge };
  std::string name;  // "mailweir_verdicts_total": letters, digits, '_'; a counter ends in _total, a time in _seconds
  std::string help;
  Kind kind = Kind::counter;
  std::vector<std::pair<std::string, std::string>> labels{};  // name and value; values may be any text
  double value = 0.0;
};

}  // namespace mailweir
