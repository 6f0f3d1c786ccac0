// SPDX-License-Identifier: BSD-2-Clause
// The directories that the daemon makes for itself: a fresh /run has none of ours. Made is only one that is called
// "mailweir", in a directory that is there: a typo in a path must be told, not become a directory that no MTA looks
// into.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "base/result.h"
#include "start/privileges.h"

namespace mailweir {

// Sees to it that `path` is a directory, for `owner` if there is one and we are root. `key` is the setting that names
// it, for the error: "milter.socket: there is no directory /srv/nothere; ...".
Result<void> provide_directory(const std::string& path, const std::string& key, mode_t mode,
                               const std::optional<ProcessIdentity>& owner);

// Whether it is there already; an error where provide_directory would have one.
Result<bool> look_for_directory(const std::string& path, const std::string& key);

}  // namespace mailweir
