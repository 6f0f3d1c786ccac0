// SPDX-License-Identifier: BSD-2-Clause
// The Builders of real adapters: tables and keys from files (shared over reloads when unchanged), RE2 patterns.
#pragma once

#include <memory>

#include "adapter/builders/table_sources.h"
#include "base/clock.h"
#include "port/builders.h"

namespace mailweir {

// Used by one thread at a time. The clock must outlive it. Without sources it has its own, which log nothing.
Builders make_builders(const Clock& clock, std::shared_ptr<TableSources> sources = nullptr);

}  // namespace mailweir
