// SPDX-License-Identifier: BSD-2-Clause
#include "start/privileges.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "base/file.h"

namespace mailweir {
namespace {

constexpr std::size_t entry_size = 64 * 1024;  // a group with very many members needs it

Error failed(const ProcessIdentity& identity, std::string_view what) {
  return Error{"user " + identity.user + ": " + std::string(what) + ": " + std::strerror(errno)};
}

// Whether the real, effective and saved ids are all the wanted ones.
bool has_become(const ProcessIdentity& identity) {
  std::array<uid_t, 3> users{};
  std::array<gid_t, 3> groups{};
  if (getresuid(&users[0], &users[1], &users[2]) != 0 || getresgid(&groups[0], &groups[1], &groups[2]) != 0)
    return false;
  for (std::size_t i = 0; i < 3; ++i)
    if (users[i] != identity.uid || groups[i] != identity.gid) return false;
  return true;
}

}  // namespace

Result<gid_t> find_group(const std::string& group) {
  ::group entry{};
  ::group* found = nullptr;
  std::string buffer(entry_size, '\0');
  const int failure = getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (failure != 0) return Error{"group " + group + ": " + std::strerror(failure), true};
  if (!found) return Error{"group " + group + " does not exist; create it with: addgroup --system " + group};
  return found->gr_gid;
}

Result<ProcessIdentity> find_identity(const std::string& user, const std::string& group) {
  passwd entry{};
  passwd* found = nullptr;
  std::string buffer(entry_size, '\0');
  const int failure = getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (failure != 0) return Error{"user " + user + ": " + std::strerror(failure), true};
  if (!found) return Error{"user " + user + " does not exist; create it with: adduser --system --group " + user};
  ProcessIdentity identity{user, found->pw_uid, found->pw_gid};
  if (group.empty()) return identity;
  const auto gid = find_group(group);
  if (!gid) return gid.error();
  identity.gid = *gid;
  return identity;
}

Result<void> drop_privileges(const ProcessIdentity& identity) {
  if (identity.uid == 0) return Error{"user " + identity.user + " is root; name another user to run as"};
  if (geteuid() != 0) {
    if (has_become(identity)) return {};
    return Error{"started as user " + process_user() + " and cannot become " + identity.user +
                 "; start as root or as " + identity.user};
  }
  // Groups first: afterwards there is no right to.
  if (initgroups(identity.user.c_str(), identity.gid) != 0) return failed(identity, "initgroups");
  if (setresgid(identity.gid, identity.gid, identity.gid) != 0) return failed(identity, "setresgid");
  if (setresuid(identity.uid, identity.uid, identity.uid) != 0) return failed(identity, "setresuid");
  if (!has_become(identity) || setuid(0) == 0 || seteuid(0) == 0)
    return Error{"user " + identity.user + ": root could be regained; giving up"};
  return {};
}

}  // namespace mailweir
