// SPDX-License-Identifier: BSD-2-Clause
// Runs another program with a bound on its time: argv without a shell, a text on its standard input, nothing of our
// environment but a plain PATH, no open file of ours.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace mailweir {

// Asked again and again while something is waited for; true: give up now.
using GiveUp = std::function<bool()>;

// Success is exit status 0. Past the deadline it is killed with all that it started in its process group. An error says
// how it ended and the first of what it wrote to its standard error; it is temporary for status 75 (sysexits.h
// EX_TEMPFAIL), and when there was no process to be had.
Result<void> run_program(const std::vector<std::string>& argv, const std::string& input, Deadline deadline,
                         const GiveUp& give_up);

}  // namespace mailweir
