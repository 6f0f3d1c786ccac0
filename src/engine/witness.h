// SPDX-License-Identifier: BSD-2-Clause
// Witness: hears what sessions judge, with all that was asked and found, and how their messages end; for `mailweirctl
// explain`. The daemon has none. Called by the session's own thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/trace.h"
#include "engine/verdict.h"

namespace mailweir {

class Session;

class Witness {
 public:
  virtual ~Witness() = default;
  virtual void judged(Session& session, const Verdict& verdict, const Trace& trace) = 0;
  // What the message's log line says: its outcome, and the door's own fields.
  virtual void message_ended(Session& session, std::string_view outcome,
                             const std::vector<std::pair<std::string, std::string>>& more) = 0;
};

}  // namespace mailweir
