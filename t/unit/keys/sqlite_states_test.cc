// SPDX-License-Identifier: BSD-2-Clause
// The states of keys in a SQLite file.
#include "adapter/keys/sqlite_states.h"

#include <filesystem>

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "../fixture/key_state_cases.h"
#include "../fixture/temp_dir.h"

using namespace mailweir;
using namespace mailweir::test;
using namespace std::chrono_literals;

namespace {

const WallTime start = states_start;

}  // namespace

TEST_CASE("sqlite states: what was written is read, by another one too") {
  const TempDir dir;
  const ManualClock clock;
  const auto states = make_sqlite_states({.path = dir / "states"}, clock);
  CHECK(states->of("example.com", Deadline())->begun == WallTime::max());
  CHECK_FALSE(std::filesystem::exists(dir / "states"));
  check_states(*states, *make_sqlite_states({.path = dir / "states"}, clock));
  struct stat status {};
  CHECK(::stat((dir / "states").c_str(), &status) == 0);
  CHECK((status.st_mode & 0007) == 0);
}

TEST_CASE("sqlite states: what is due, those looked for least often first") {
  const TempDir dir;
  const ManualClock clock;
  const auto states = make_sqlite_states({.path = dir / "states"}, clock);
  CHECK(states->add({state_row("example.com", "often", KeyState::pending, start - 9s, 7),
                     state_row("example.com", "once", KeyState::pending, start, 1),
                     state_row("example.com", "later", KeyState::pending, start + 1s),
                     state_row("example.com", "active", KeyState::active, start - 1h),
                     state_row("example.com", "old", KeyState::retiring, start - 1h)},
                    start));
  CHECK(selectors(states->due(start, 10)) == "old once often ");
  CHECK(selectors(states->due(start, 2)) == "old once ");
  CHECK(selectors(states->due(start + 1s, 10)) == "old later once often ");
  CHECK(selectors(states->due(start - 2h, 10)) == "");
}

TEST_CASE("sqlite states: files that cannot be used, and those that come back") {
  const TempDir dir;
  ManualClock clock;
  const std::string path = dir / "states";
  const auto states = make_sqlite_states({.path = path}, clock);
  clock.advance(1h);
  CHECK(states->add({state_row("example.com", "s1", KeyState::active, start)}, start));
  std::filesystem::remove(path);  // while it is open
  CHECK(states->of("example.com", Deadline())->rows.empty());
  write_file(path,
             "this is no database, but it is long enough to be looked at as if it were one" + std::string(900, '.'));
  const auto read = states->of("example.com", Deadline());
  REQUIRE_FALSE(read);
  CHECK(read.error().what == path + ": file is not a database");
  CHECK(read.error().temporary);
  CHECK_FALSE(states->add({state_row("example.com", "s1", KeyState::active, start)}, start));
  std::filesystem::remove(path);
  CHECK(states->add({state_row("example.com", "s2", KeyState::active, start)}, start));
  CHECK(states->of("example.com", Deadline())->rows.size() == 1);
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  CHECK_FALSE(states->begin(start));
  const auto nowhere = make_sqlite_states({.path = dir / "none/states"}, clock);
  CHECK(nowhere->of("example.com", Deadline()));
  CHECK_FALSE(nowhere->begin(start));
}
