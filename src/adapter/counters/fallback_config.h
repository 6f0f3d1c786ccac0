// SPDX-License-Identifier: BSD-2-Clause
// FallbackConfig: how a store that is away is asked for, and what is done meanwhile.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace mailweir {

struct FallbackConfig {
  std::string name;                         // of the shared store, for the log
  std::chrono::milliseconds pause{250};     // between two tries while it is away
  std::chrono::milliseconds patience{100};  // for a try, and for each counter that is added when it is back
  // A failure with less time than this is the caller's, who came late: it opens no circuit.
  std::chrono::milliseconds fair_time{50};
  double local_share = 1;  // of what is left of each limit, while it is away
  // With a share: for how long after it is back the others are waited for, and how often this node says that it is
  // there.
  std::chrono::milliseconds settle{5000}, sign_every{1000};
  std::size_t most_waiting = 1'000'000;  // counters that wait to be added
  bool own_thread = true;                // false: the owner calls look_after()
};

}  // namespace mailweir
