// SPDX-License-Identifier: BSD-2-Clause
// Runs a program of the mail server, without a shell, and takes what it prints.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace mailweir {

struct Ran {
  int status = 0;   // of its exit; 128 and more: a signal ended it
  std::string out;  // at most 1 MiB
};
// `words`: the program, found by PATH, and its arguments; `input`: what it reads. Its errors go where ours go. It is
// given 30 s.
Result<Ran> run_program(const std::vector<std::string>& words, const std::string& input = {});

}  // namespace mailweir
