// SPDX-License-Identifier: BSD-2-Clause
// KeyStates in a SQLite file. It is opened when it is first needed, and again after an error (once in some seconds) or
// when another file took its place. Several processes may use it at once. A file that is not there says of no key
// anything; it is made when the first row is written.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>

#include "port/key_states.h"

namespace mailweir {

struct SqliteStatesConfig {
  std::string path;
  std::optional<std::pair<uid_t, gid_t>> owner{};  // of a file that is made here; nothing: who runs this
};

// The clock must outlive it.
KeyStatesPtr make_sqlite_states(const SqliteStatesConfig& config, const Clock& clock);

}  // namespace mailweir
