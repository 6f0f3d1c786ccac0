// SPDX-License-Identifier: BSD-2-Clause
#include "start/own_directory.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/handle.h"

namespace mailweir {
namespace {

constexpr std::string_view own_name = "mailweir";

// 0, or why it is no directory.
int look(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno;
  return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

std::string without_slash(std::string name) {
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  return name.empty() ? "/" : name;
}

std::string parent_of(const std::string& name) {
  const auto slash = name.rfind('/');
  return slash == 0 || slash == name.npos ? "/" : name.substr(0, slash);
}

// All of it through descriptors: the parent may be another user's, who could put something else in the new directory's
// place at any moment, a link to /etc say. What is there must be what was made just now before it gets another owner.
Result<void> make(const std::string& parent, const std::string& name, const std::string& key, mode_t mode,
                  const std::optional<ProcessIdentity>& owner) {
  constexpr mode_t at_first = 0700;
  const auto failed = [&](const std::string& what) { return Error{key + ": " + what + ": " + std::strerror(errno)}; };
  const Fd above(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::string own(own_name);
  if (!above || ::mkdirat(above.get(), own.c_str(), at_first) != 0)
    return failed("the directory " + name + " cannot be made");
  const Fd made(::openat(above.get(), own.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!made || ::fstat(made.get(), &status) != 0) return failed(name);
  constexpr nlink_t empty = 2;  // some file systems count no links of directories
  if (status.st_uid != ::geteuid() || (status.st_mode & 0777 & ~at_first) != 0 || status.st_nlink > empty)
    return Error{key + ": " + name + ": is no longer the directory that was made: it was replaced by something else"};
  if (owner && ::geteuid() == 0 && ::fchown(made.get(), owner->uid, owner->gid) != 0)
    return failed(name + ": cannot be given to the daemon's user");
  if (::fchmod(made.get(), mode) != 0) return failed(name);  // whatever the umask says
  return {};
}

}  // namespace

Result<bool> look_for_directory(const std::string& path, const std::string& key) {
  const auto name = without_slash(path);
  const auto why = look(name);
  if (why == 0) return true;
  if (why == ENOTDIR) return Error{key + ": " + name + ": is not a directory, or is below something that is not one"};
  if (why != ENOENT) return Error{key + ": " + name + ": " + std::strerror(why)};
  const auto parent = parent_of(name);
  if (look(parent) != 0) return Error{key + ": the directory " + parent + " does not exist; is the path right?"};
  if (std::string_view(name).substr(name.rfind('/') + 1) != own_name)
    return Error{key + ": the directory " + name +
                 " does not exist; is the path right? If it is, make the directory: only one called " +
                 std::string(own_name) + " is made at the start"};
  return false;
}

Result<void> provide_directory(const std::string& path, const std::string& key, mode_t mode,
                               const std::optional<ProcessIdentity>& owner) {
  const auto there = look_for_directory(path, key);
  if (!there) return there.error();
  if (*there) return {};
  const auto name = without_slash(path);
  return make(parent_of(name), name, key, mode, owner);
}

}  // namespace mailweir
