// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/follow/position.h"

#include <cerrno>

#include <unistd.h>

#include "base/file.h"
#include "base/new_file.h"

namespace mailweir {

Result<std::string> read_position(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::string();
  return first_line(path);
}

Result<void> write_position(const std::string& path, const std::string& position) {
  return replace_file(path, position + '\n', 0640);
}

}  // namespace mailweir
