// SPDX-License-Identifier: BSD-2-Clause
// A test case that cannot run here says so and returns: it is counted as skipped, with its reason, never as passed.
//
//   if (!redis.started()) return skip_test("redis-server is not installed");
#pragma once

#include <string>

namespace mailweir {

void skip_test(std::string reason);

// Why no test of this program can run here; "" (the default) if they can. A program with a need of its own defines it.
std::string cannot_run();

}  // namespace mailweir
