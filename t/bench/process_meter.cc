// SPDX-License-Identifier: BSD-2-Clause
#include "process_meter.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include <unistd.h>

#include "base/text.h"

namespace mailweir::bench {
namespace {

struct Stat {
  int parent = 0;
  std::uint64_t ticks = 0;
};

std::optional<Stat> stat_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return {};
  // The name stands in parentheses and may hold anything; the state, field 3, follows the last one.
  const auto name_end = line.rfind(')');
  if (name_end == line.npos || name_end + 2 > line.size()) return {};
  const auto fields = words(std::string_view(line).substr(name_end + 2));
  if (fields.size() < 15) return {};
  const auto field = [&](std::size_t number) { return to_number(fields[number - 3]).value_or(0); };
  return Stat{static_cast<int>(field(4)), field(14) + field(15) + field(16) + field(17)};
}

std::uint64_t peak_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("VmHWM:")) return to_number(words(line).at(1)).value_or(0);
  return 0;
}

std::multimap<int, int> children_by_parent() {
  std::multimap<int, int> children;
  std::error_code ignored;  // a process may end while we look
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const auto pid = to_number(entry.path().filename().string());
    if (!pid) continue;
    if (const auto stat = stat_of(static_cast<int>(*pid))) children.emplace(stat->parent, static_cast<int>(*pid));
  }
  return children;
}

}  // namespace

Result<Usage> usage_of(const std::vector<int>& pids) {
  Usage usage;
  if (pids.empty()) return usage;
  const auto children = children_by_parent();
  std::set<int> seen;
  std::vector<int> open(pids);
  std::uint64_t ticks = 0;
  while (!open.empty()) {
    const int pid = open.back();
    open.pop_back();
    if (!seen.insert(pid).second) continue;
    const auto stat = stat_of(pid);
    if (!stat) {
      if (std::find(pids.begin(), pids.end(), pid) == pids.end()) continue;
      return Error{"process " + std::to_string(pid) + ": is gone"};
    }
    ticks += stat->ticks;
    usage.peak_kib += peak_of(pid);
    const auto [first, last] = children.equal_range(pid);
    for (auto child = first; child != last; ++child) open.push_back(child->second);
  }
  usage.cpu_seconds = static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return usage;
}

}  // namespace mailweir::bench
