// SPDX-License-Identifier: BSD-2-Clause
// How many files the daemon may have open by its configuration. Not a public header of the floor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/config.h"

namespace mailweir {

// All connections that the doors take, and what else is open at once (listening sockets, logs, lists, name servers,
// Redis).
std::uint64_t open_files_needed(const Config& config);

// A warning, if a process may open no more than `limit`.
std::optional<std::string> too_few_open_files(const Config& config, std::uint64_t limit);

}  // namespace mailweir
