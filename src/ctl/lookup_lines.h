// SPDX-License-Identifier: BSD-2-Clause
// Lookups in words, for all commands that make some.
#pragma once

#include <string>
#include <vector>

#include "port/lookups.h"

namespace mailweir {

// "example.com TXT  ok  312 us, already known", a line each, two blanks before it.
std::string lookup_lines(const std::vector<TimedLookup>& lookups);

}  // namespace mailweir
