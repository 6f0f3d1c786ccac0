// SPDX-License-Identifier: BSD-2-Clause
// Writing a private key to FOLDER/DOMAIN/SELECTOR.pem, so that who reads there (key_folder.h) finds all of it or
// nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "base/clock.h"
#include "base/result.h"

namespace mailweir {

struct KeyFile {
  std::string folder;            // is there already
  std::string domain, selector;  // is_plain_name(); the domain's folder is made if it is missing, mode 0750
  std::optional<std::pair<uid_t, gid_t>> owner;  // of the key and a new folder; nothing: who runs this
};

// Mode 0600: a name with a dot in front, fsync, rename, fsync of the folder. Returns the path. An error if there is a
// key of this name: a key that signs is not lost by mistake.
// `written`: the time that the file is given, of a key that is older.
Result<std::string> write_key_file(const KeyFile& where, std::string_view pem, std::optional<WallTime> written = {});

// Takes the key away, and its domain's folder if that is empty then. False: it was not there.
Result<bool> remove_key_file(const KeyFile& where);

}  // namespace mailweir
