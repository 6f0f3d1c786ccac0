// SPDX-License-Identifier: BSD-2-Clause
// StartCheck: what stands in the way of a start on this machine, beside what the policy file says: the user,
// directories, rights, secrets, the log. It goes the way of the daemon's own start (app/main.cc) as far as that leaves
// nothing behind: no file, directory or socket is made, no Redis and no name server is asked.
//
// As root it looks at files as the daemon's user, in a child process. Before threads are started.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace mailweir {

struct StartProblems {
  std::vector<std::string> errors;    // of each the daemon would say that it cannot start
  std::vector<std::string> warnings;  // it would start, and lack something
};

// How the daemon would be started.
enum class StartedAs { unknown, background, foreground };

// `file`: the policy file, whose errors, and the warnings `told`, have been told already.
StartProblems check_start(const std::string& file, const Config& config, StartedAs as,
                          const std::vector<std::string>& told);

// The daemon's user or group is none: as find_identity says it, with the place of the key.
Error no_identity(const Config& config, const Error& why);

// "" or why no line would be seen: stderr is closed in the background.
std::string log_lost(const Config& config, StartedAs as);

}  // namespace mailweir
