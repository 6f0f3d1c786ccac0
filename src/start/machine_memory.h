// SPDX-License-Identifier: BSD-2-Clause
// How much memory and how many files this process may have, by the machine and by the control group that it runs in.
#pragma once

#include <cstdint>
#include <string>

namespace mailweir {

// Bytes: the machine's memory, or the lowest memory.max (control groups version 2) or memory.limit_in_bytes (version 1)
// above this process, whichever is less. `root`: where /proc and /sys stand; for tests.
std::uint64_t machine_memory(const std::string& root = {});

// What [general] memory is when it is "auto": a quarter of that, 64 MiB to 4 GiB.
std::uint64_t default_memory(std::uint64_t machine);

// Raises the limit of open files as far as this user may. Returns the limit.
std::uint64_t raise_open_files();

}  // namespace mailweir
