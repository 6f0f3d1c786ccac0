// SPDX-License-Identifier: BSD-2-Clause
// What a look found, in words for an admin and as JSON. Nothing in it that came from the network is taken for more than
// text.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "reputation/memory.h"
#include "reputation/watched.h"

namespace mailweir {

struct ReputationReport {
  const Watched& watched;
  const std::vector<Finding>& findings;
  const std::vector<Change>& changes;  // since the last look
  WallTime now;
};

// 0: all is good; 1: something is listed or wrong; 2: nothing is, but something could not be asked.
int exit_status(const std::vector<Finding>& findings);

// A block for each fault: what, why, what to do; with `all` a line for what is good, too. Then the counts.
std::string report_text(const ReputationReport& report, bool all);
// A line for each change; "": there is none.
std::string changes_text(const std::vector<Change>& changes);
// Ends with a newline.
std::string report_json(const ReputationReport& report);

}  // namespace mailweir
