// SPDX-License-Identifier: BSD-2-Clause
// How the reputation watch tells its changes: through the receivers of [alerts], as the daemon does, but from the tool
// itself, whether the daemon runs or not.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "reputation/memory.h"

namespace mailweir {

inline constexpr std::size_t most_told_changes = 50;  // in one alert

// One alert to each receiver, tried again twice. True: one of them took it, or there is none. What could not be sent is
// said on the standard error. May wait.
bool tell(const std::vector<Change>& changes, const Config& config, const std::string& host, WallTime now,
          const Clock& clock);

}  // namespace mailweir
