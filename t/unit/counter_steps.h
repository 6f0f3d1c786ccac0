// SPDX-License-Identifier: BSD-2-Clause
// A case of the table of all stores: steps on one store and one clock, and what each answers.
#pragma once

#include <string>
#include <vector>

#include "counter_cases.h"

namespace mailweir {

struct Want {
  bool over = false;
  bool never_fits = false;
  std::size_t window = 0;
  std::uint64_t count = 0;
  std::int64_t retry_after = 0;  // ms
};

// One step of a case. A slot of a 30 s window is a second, and the clock starts at the first millisecond of one.
struct Step {
  enum What { charge, give_back, renew };
  std::int64_t after = 0;  // ms by which the clock moves first; below zero it goes back
  What what = charge;
  std::vector<Charge> charges{};
  bool taken = true;
  std::vector<Want> want{};
  std::size_t of = 0;  // give_back: the step that charged
};

struct Case {
  std::string name;
  std::vector<Step> steps;
};

inline Charge unenforced(Charge charge) {
  charge.enforce = false;
  return charge;
}
inline Charge attempts(Charge charge) {
  charge.attempts = true;
  return charge;
}
inline Window window(std::uint64_t max, std::int64_t seconds) { return {max, std::chrono::seconds(seconds)}; }

// "10/30s" of key a, and a limit of its own.
inline Charge ten(std::uint64_t amount, std::string key = "a") {
  return ring_charge("ten", std::move(key), {window(10, 30)}, amount);
}

void run_case(const Case& row, const MakeStore& make);

}  // namespace mailweir
