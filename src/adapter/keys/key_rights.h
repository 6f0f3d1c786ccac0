// SPDX-License-Identifier: BSD-2-Clause
// Who may read and replace the file of a private key, and the commands that mend it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <sys/types.h>

namespace mailweir {

// The group by which the daemon reads keys that are not its own: of this process, unless it is root; else of `user`,
// the daemon's; "mailweir" where that is not known.
std::string daemon_group(std::optional<uid_t> user = {});

// What is wrong with the mode, and what to do: "mode 0644: others can read this key; run: chgrp mailweir FILE && chmod
// 640 FILE"; empty: nothing. `path`: the file, as a command takes it.
std::string objection_to_mode(const struct stat& status, const std::string& path, const std::string& group,
                              std::string_view what = "key");
// The same command.
std::string readable_by(const std::string& group, const std::string& path);

}  // namespace mailweir
