// SPDX-License-Identifier: BSD-2-Clause
#include "base/open_beneath.h"

#include <cerrno>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mailweir {
namespace {

constexpr int always = O_CLOEXEC | O_NOFOLLOW;

bool is_path(const std::string& name) { return name.find('/') != std::string::npos; }

Fd outside() {
  errno = EXDEV;
  return {};
}

}  // namespace

Fd open_beneath(const Fd& folder, const std::string& name, int flags, mode_t mode) {
  if (is_path(name)) return outside();
  open_how how{};
  how.flags = static_cast<decltype(how.flags)>(flags | always);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  Fd opened(static_cast<int>(::syscall(SYS_openat2, folder.get(), name.c_str(), &how, sizeof how)));
  if (!opened && (errno == ENOSYS || errno == EPERM)) return open_beneath_by_name(folder, name, flags, mode);
  return opened;
}

Fd open_beneath_by_name(const Fd& folder, const std::string& name, int flags, mode_t mode) {
  if (is_path(name) || name == "..") return outside();
  return Fd(::openat(folder.get(), name.c_str(), flags | always, mode));
}

}  // namespace mailweir
