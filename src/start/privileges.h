// SPDX-License-Identifier: BSD-2-Clause
// Giving up root for good: sockets and files that need it are opened first, then the daemon becomes its own user.
#pragma once

#include <string>

#include <sys/types.h>

#include "base/result.h"

namespace mailweir {

struct ProcessIdentity {
  std::string user;  // a name of passwd(5)
  uid_t uid = 0;
  gid_t gid = 0;
};

// The user by name; his own group, or the one named. Errors name what does not exist.
Result<ProcessIdentity> find_identity(const std::string& user, const std::string& group = "");

// The gid of a group by name.
Result<gid_t> find_group(const std::string& group);

// Becomes the user with his supplementary groups, and makes sure that there is no way back. As the same user already:
// nothing to do. As another one who is not root: an error that says so. Does it for all threads of the process.
Result<void> drop_privileges(const ProcessIdentity& identity);

}  // namespace mailweir
