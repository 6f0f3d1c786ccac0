// SPDX-License-Identifier: BSD-2-Clause
// ReputationAlert: what the reputation watch found new in one run, as one alert. Texts are as they came from the
// network: who writes them down escapes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace mailweir {

struct ReputationAlert {
  struct Change {
    std::string what;            // "listed", "delisted", "wrong", "mended", "blind", "visible"; "still": a reminder
    std::string subject, check;  // "192.0.2.1", "dnsbl zen"
    std::string text;            // of both, for people
    std::string advice, page, paste;
    WallTime since{};
  };
  WallTime time{};
  std::vector<Change> changes;  // the first of them
  std::uint64_t more = 0;       // that are left out
};

}  // namespace mailweir
