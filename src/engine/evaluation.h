// SPDX-License-Identifier: BSD-2-Clause
// Evaluation: a rule's conditions, asked once at a stage, what is cheap first. It keeps which conditions were asked and
// what each found, so that log lines, block reasons and explain say what the decision saw, and nothing is asked again.
//
// One is used for rule after rule; one thread at a time. What it found is good until the next rule is asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fact/facts.h"
#include "rule/rule.h"

namespace mailweir {

// Whether a rule's conditions hold; when_outage, unless_outage: a list that decides it could not be asked.
enum class Holds : std::uint8_t { no, yes, when_outage, unless_outage };

// A condition of `when` that held, as log lines say it.
struct Evidence {
  std::string fact, value, reason;  // the reason behind a check's word; else empty
};

class Evaluation {
 public:
  struct Asked {
    const Cell* cell = nullptr;
    Tri outcome = Tri::unknown;
    std::string value, reason;  // kept only if asked for
  };
  enum class Keep : std::uint8_t { nothing, held, all };  // whose values and reasons

  // No cell is asked twice, and none that cannot change the answer any more.
  Holds ask(const Rule& rule, Facts& facts, Keep keep);
  // What the last ask() found of a cell; null: it was not asked.
  const Asked* found(const Cell& cell) const;
  // The conditions of `when` that held, in the rule's order. For a rule that was asked with Keep::held or all.
  std::vector<Evidence> evidence(const Rule& rule) const;

 private:
  Tri ask(const Conditions& conditions, bool checks, Facts& facts, Keep keep);
  Tri ask(const Cell& cell, Facts& facts, Keep keep);

  std::vector<Asked> asked_;
};

}  // namespace mailweir
