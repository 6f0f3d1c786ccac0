// SPDX-License-Identifier: BSD-2-Clause
// How the tool's commands read a policy file: errors and warnings on stderr.
#pragma once

#include <optional>
#include <string>

#include "config/load.h"

namespace mailweir {

// Nothing when it has errors; they have been told.
std::optional<Loaded> read_policy_file(const std::string& path);
std::optional<Loaded> read_policy_file(const std::string& path, const Builders& builders);

}  // namespace mailweir
