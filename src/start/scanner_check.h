// SPDX-License-Identifier: BSD-2-Clause
// What an admin should know of the scanners that a configuration names: those that do not answer now, and limits that
// do not fit. A daemon starts all the same, but for a path that can never be a socket.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "config/config.h"

namespace mailweir {

struct ScannersFound {
  std::vector<std::string> notes, warnings, errors;
};

// Asks each scanner, for at most `deadline`.
ScannersFound look_at_scanners(const Config& config, std::chrono::milliseconds deadline);

}  // namespace mailweir
