// SPDX-License-Identifier: BSD-2-Clause
// How much connections may hold, and what the machine says of it.
#include <fstream>

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "../fixture/temp_dir.h"
#include "base/memory_budget.h"
#include "config/open_files.h"
#include "start/machine_memory.h"

namespace mailweir {
namespace {

TEST_CASE("memory budget: shares grow as long as there is room, and give back what they held") {
  MemoryBudget budget(1000);
  {
    MemoryShare first(&budget), second(&budget);
    CHECK(first.grow(600));
    CHECK_FALSE(second.grow(401));
    CHECK(second.bytes() == 0);
    CHECK(budget.refused() == 1);
    CHECK(second.grow(400));
    CHECK(budget.full());
    CHECK_FALSE(first.resize(601));
    CHECK(first.resize(100));
    CHECK(budget.used() == 500);
    CHECK(second.resize(900));
    first.clear();
    CHECK(budget.used() == 900);
    CHECK_FALSE(first.grow(~std::size_t{0}));  // no sum may wrap
  }
  CHECK(budget.used() == 0);
  MemoryShare free(nullptr);
  CHECK(free.grow(~std::size_t{0}));
}

TEST_CASE("memory budget: a line a second, with the number of those left out") {
  MemoryBudget budget(1);
  const SteadyTime start{};
  const auto at = [&](int milliseconds) { return budget.line_due(start + std::chrono::milliseconds(milliseconds)); };
  CHECK(at(0) == 0);
  CHECK_FALSE(at(1));
  CHECK_FALSE(at(999));
  CHECK(at(1000) == 2);
  CHECK(at(2500) == 0);
}

TEST_CASE("memory budget: it fell when much was given back, once") {
  MemoryBudget budget(100 << 20);
  MemoryShare share(&budget);
  CHECK_FALSE(budget.fell());
  REQUIRE(share.grow(50 << 20));
  CHECK_FALSE(budget.fell());
  REQUIRE(share.resize(30 << 20));
  CHECK_FALSE(budget.fell());
  REQUIRE(share.resize(10 << 20));
  CHECK(budget.fell());
  CHECK_FALSE(budget.fell());
}

void write(const std::string& path, const std::string& text) {
  for (auto slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1))
    ::mkdir(path.substr(0, slash).c_str(), 0700);
  std::ofstream(path) << text;
}

TEST_CASE("machine memory: the machine's, or the lowest limit of the control groups above") {
  struct Row {
    std::string in;
    std::vector<std::pair<std::string, std::string>> files;
    std::uint64_t want;
  };
  constexpr std::uint64_t mib = 1 << 20;
  const std::string meminfo = "MemTotal:        2097152 kB\nMemFree: 1 kB\n";
  const Row rows[] = {
      {"the machine's", {{"/proc/meminfo", meminfo}, {"/proc/self/cgroup", "0::/\n"}}, 2048 * mib},
      {"no files", {}, ~std::uint64_t{0}},
      {"version 2",
       {{"/proc/meminfo", meminfo},
        {"/proc/self/cgroup", "0::/a/b.service\n"},
        {"/sys/fs/cgroup/a/b.service/memory.max", "536870912\n"}},
       512 * mib},
      {"max is no limit",
       {{"/proc/meminfo", meminfo}, {"/proc/self/cgroup", "0::/a\n"}, {"/sys/fs/cgroup/a/memory.max", "max\n"}},
       2048 * mib},
      {"that of a group above",
       {{"/proc/meminfo", meminfo},
        {"/proc/self/cgroup", "0::/a/b\n"},
        {"/sys/fs/cgroup/a/memory.max", "268435456\n"},
        {"/sys/fs/cgroup/a/b/memory.max", "536870912\n"}},
       256 * mib},
      {"in a container, where the group is the root",
       {{"/proc/meminfo", meminfo}, {"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/memory.max", "134217728\n"}},
       128 * mib},
      {"version 1",
       {{"/proc/meminfo", meminfo},
        {"/proc/self/cgroup", "5:cpu:/x\n4:memory:/y\n"},
        {"/sys/fs/cgroup/memory/y/memory.limit_in_bytes", "1073741824\n"}},
       1024 * mib},
      {"version 1 without a limit",
       {{"/proc/meminfo", meminfo},
        {"/proc/self/cgroup", "4:memory:/y\n"},
        {"/sys/fs/cgroup/memory/y/memory.limit_in_bytes", "9223372036854771712\n"}},
       2048 * mib},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    TempDir root;
    for (const auto& [path, text] : row.files) write(root.path() + path, text);
    CHECK(machine_memory(root.path()) == row.want);
  }
  CHECK(default_memory(2048 * mib) == 512 * mib);
  CHECK(default_memory(128 * mib) == 64 * mib);
  CHECK(default_memory(~std::uint64_t{0}) == 4096 * mib);
}

TEST_CASE("open files: the doors' connections are compared with what a process may have") {
  Config config;
  config.milter.socket = SocketName{SocketName::Kind::unix_path, "/m", {}, 0};
  CHECK(open_files_needed(config) == 1100);
  config.policy.socket = config.milter.socket;
  config.policy.max_connections = 500;
  CHECK(open_files_needed(config) == 1600);
  CHECK_FALSE(too_few_open_files(config, 1600));
  const auto warning = too_few_open_files(config, 1024);
  REQUIRE(warning);
  CHECK(warning->find("may need 1600 open files, and a process may have 1024 here") != std::string::npos);
}

}  // namespace
}  // namespace mailweir
