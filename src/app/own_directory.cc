// SPDX-License-Identifier: BSD-2-Clause
#include "app/own_directory.h"

#include <cerrno>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

namespace mailweir {
namespace {

constexpr std::string_view own_name = "mailweir";

// 0, or why it is no directory.
int look(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return errno;
  return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

}  // namespace

Result<void> provide_directory(const std::string& path, const std::string& key, mode_t mode, const std::optional<ProcessIdentity>& owner) {
  std::string name = path;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  if (name.empty()) name = "/";
  const auto why = look(name);
  if (why == 0) return {};
  if (why == ENOTDIR) return Error{key + ": " + name + ": is no directory, or is below something that is none"};
  if (why != ENOENT) return Error{key + ": " + name + ": " + std::strerror(why)};

  const auto slash = name.rfind('/');
  const auto parent = slash == 0 ? std::string("/") : name.substr(0, slash);
  if (look(parent) != 0) return Error{key + ": there is no directory " + parent + "; is the path right?"};
  if (std::string_view(name).substr(slash + 1) != own_name)
    return Error{key + ": there is no directory " + name + "; is the path right? If it is, make the directory: only one called " +
                 std::string(own_name) + " is made at the start"};
  if (::mkdir(name.c_str(), mode) != 0) return Error{key + ": the directory " + name + " cannot be made: " + std::strerror(errno)};
  if (::chmod(name.c_str(), mode) != 0) return Error{key + ": " + name + ": " + std::strerror(errno)};  // whatever the umask says
  if (owner && ::geteuid() == 0 && ::chown(name.c_str(), owner->uid, owner->gid) != 0)
    return Error{key + ": " + name + ": cannot be given to the daemon's user: " + std::strerror(errno)};
  return {};
}

}  // namespace mailweir
