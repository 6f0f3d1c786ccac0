// SPDX-License-Identifier: BSD-2-Clause
// What stands in a directory of keys (key_folder.h) and is never found there: a domain that is not in lower case or not
// written as A-labels, or has a dot at its end; a key that is not in the directory of a domain.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace mailweir {

// "PATH/NAME: why", at most `most` of them and one line that counts the rest. Empty if there is no such directory. It
// reads names only, which takes some 50 ms for 100,000 domains, and no more of them after the deadline: a start must
// not wait for it.
std::vector<std::string> odd_names(const std::string& directory, Deadline deadline, std::size_t most = 5);

}  // namespace mailweir
