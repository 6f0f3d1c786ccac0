// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/follow/position.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/handle.h"

namespace mailweir {

Result<std::string> read_position(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::string();
  return first_line(path);
}

Result<void> write_position(const std::string& path, const std::string& position) {
  const std::string fresh = path + ".new", line = position + '\n';
  const Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file || ::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
      ::rename(fresh.c_str(), path.c_str()) != 0)
    return Error{path + ": cannot write it: " + std::strerror(errno)};
  return {};
}

}  // namespace mailweir
