// SPDX-License-Identifier: BSD-2-Clause
// The file in which a Memory is kept from one look to the next: JSON, written whole beside the old one, which it then
// replaces.
#pragma once

#include <string>

#include "base/handle.h"
#include "base/result.h"
#include "reputation/memory.h"

namespace mailweir {

inline constexpr std::size_t longest_memory = 32 << 20;  // bytes of the file

// A file that does not exist is an empty memory.
Result<Memory> read_memory(const std::string& path);
Result<void> write_memory(const std::string& path, const Memory& memory);

// Held as long as the memory is used; of a file beside it, which stays. An error that is temporary: another look is
// under way.
Result<Fd> lock_memory(const std::string& path);

// Renames a file that cannot be understood to PATH.damaged; what was done, in a line for the admin.
std::string move_aside(const std::string& path, const std::string& why);

}  // namespace mailweir
