// SPDX-License-Identifier: BSD-2-Clause
#include "start/machine_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>

#include <sys/resource.h>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// "max", a number too large to be meant, or no file: no limit.
std::uint64_t limit_in(const std::string& path) { return to_number(trimmed(text_of(path))).value_or(none); }

// The lowest of the group's own and of all above it.
std::uint64_t lowest(const std::string& mount, std::string group, const std::string& file) {
  std::uint64_t found = none;
  for (;;) {
    found = std::min(found, limit_in(mount + group + '/' + file));
    const auto slash = group.rfind('/');
    if (slash == group.npos || group.empty()) return found;
    group.erase(slash);
  }
}

std::uint64_t physical(const std::string& root) {
  std::istringstream lines(text_of(root + "/proc/meminfo"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("MemTotal:")) continue;
    const auto parts = words(std::string_view(line).substr(9));
    if (const auto kilobytes = parts.empty() ? std::nullopt : to_number(parts.front())) return *kilobytes * 1024;
  }
  return none;
}

}  // namespace

std::uint64_t machine_memory(const std::string& root) {
  std::uint64_t least = physical(root);
  // "0::/system.slice/mailweir.service"; "5:memory:/..." (cgroups(7), /proc/pid/cgroup).
  std::istringstream lines(text_of(root + "/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':'), second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos) continue;
    const auto controllers = std::string_view(line).substr(first + 1, second - first - 1);
    std::string group = line.substr(second + 1);
    if (controllers.empty()) least = std::min(least, lowest(root + "/sys/fs/cgroup", std::move(group), "memory.max"));
    else if (controllers == "memory")
      least = std::min(least, lowest(root + "/sys/fs/cgroup/memory", std::move(group), "memory.limit_in_bytes"));
  }
  return least;
}

std::uint64_t default_memory(std::uint64_t machine) {
  return std::clamp<std::uint64_t>(machine / 4, std::uint64_t{64} << 20, std::uint64_t{4} << 30);
}

std::uint64_t raise_open_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised{limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
  }
  return limit.rlim_cur;
}

}  // namespace mailweir
