// SPDX-License-Identifier: BSD-2-Clause
// CheckMemo: what a check found, kept so that two rules see the same.
#pragma once

#include <string>

namespace mailweir {

struct CheckMemo {
  std::string word, reason;
  bool temperror = false;
};

}  // namespace mailweir
