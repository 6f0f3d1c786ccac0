// SPDX-License-Identifier: BSD-2-Clause
// Opening the files that an admin names, with errors that say which thing is in the way and for whom.
#pragma once

#include <string>

#include <sys/types.h>

#include "base/handle.h"
#include "base/result.h"

namespace mailweir {

// Opens a regular file for reading, close-on-exec; a directory, a pipe or a device is an error. Errors are
// "PATH: why": what is missing (the file or which directory above it), or which user may not read or enter what.
Result<Fd> open_regular(const std::string& path);

// The first line of such a file, without what ends it; of more than 64 KiB the first of these. For passwords and
// tokens.
Result<std::string> first_line(const std::string& path);

// "0640": permission bits as chmod takes them, the first digit always there.
std::string octal(mode_t mode);

// "mailweir", the name of a group or a user; its number where it has none.
std::string group_name(gid_t gid);
std::string owner_name(uid_t uid);
// The primary group of a user; the user's own name where there is no such user.
std::string group_of(const std::string& user);

// The user this process acts as: "mailweir (uid 105)".
std::string process_user();

}  // namespace mailweir
