// SPDX-License-Identifier: BSD-2-Clause
#include "config/open_files.h"

namespace mailweir {
namespace {

constexpr std::uint64_t others = 100;

}  // namespace

std::uint64_t open_files_needed(const Config& config) {
  std::uint64_t needed = others;
  if (config.milter.socket) needed += config.milter.max_connections;
  if (config.policy.socket) needed += config.policy.max_connections;
  if (config.http.socket) needed += config.http.max_connections;
  if (config.socketmap.socket) needed += config.socketmap.max_connections;
  return needed;
}

std::optional<std::string> too_few_open_files(const Config& config, std::uint64_t limit) {
  const auto needed = open_files_needed(config);
  if (limit == 0 || needed <= limit) return {};
  return "max_connections: the doors may need " + std::to_string(needed) + " open files, and a process may have " +
         std::to_string(limit) +
         " here; raise the hard limit (LimitNOFILE= of the unit, ulimit -Hn), or lower max_connections";
}

}  // namespace mailweir
