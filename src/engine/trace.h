// SPDX-License-Identifier: BSD-2-Clause
// Trace: what the engine asked and found, rule by rule; for `mailweirctl explain`. Costs nothing where it is not asked
// for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rule/rule.h"

namespace mailweir {

struct TracedCell {
  std::string text;            // "when.iprev = [\"fail\"]"
  std::string value;           // "fail"
  std::string reason;          // why the check says so
  std::optional<Tri> outcome;  // nothing: it was not asked
};

struct TracedRule {
  Stage stage = Stage::connect;
  const Rule* rule = nullptr;
  std::vector<TracedCell> cells;
  std::string outcome;  // "does not apply", "decides: reject", "within its limit: 3 of 100/1h", ...
};

struct Trace {
  std::vector<TracedRule> rules;
};

}  // namespace mailweir
