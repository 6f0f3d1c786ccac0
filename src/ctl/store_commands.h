// SPDX-License-Identifier: BSD-2-Clause
// What `mailweirctl check` says of the stores, beyond the policy file itself.
#pragma once

#include "adapter/table_sources.h"
#include "base/clock.h"
#include "config/config.h"

namespace mailweir {

// Asks the Redis servers that the configuration names, if they answer within a second.
void print_store_warnings(const Config& config, const TableSources& lists, const Clock& clock);

}  // namespace mailweir
