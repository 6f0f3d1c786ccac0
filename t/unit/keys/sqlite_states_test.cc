// SPDX-License-Identifier: BSD-2-Clause
// The states of keys in a SQLite file.
#include "adapter/keys/sqlite_states.h"

#include <filesystem>

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "../fixture/temp_dir.h"

using namespace mailweir;
using namespace std::chrono_literals;

namespace {

const WallTime start(1'700'000'000s);

KeyStateRow row_of(const std::string& domain, const std::string& selector, KeyState state, WallTime next,
                   unsigned looks = 0) {
  KeyStateRow row{domain, selector, "key of " + selector};
  row.state = state;
  row.since = start;
  row.next = next;
  row.looks = looks;
  row.note = "a 'note'";
  row.successor = "s9";
  row.overlap = 7 * 24h;
  return row;
}

std::string selectors(const Result<std::vector<KeyStateRow>>& rows) {
  std::string text;
  REQUIRE(rows);
  for (const auto& row : *rows) text += row.selector + ' ';
  return text;
}

}  // namespace

TEST_CASE("sqlite states: what was written is read, by another one too") {
  const TempDir dir;
  const ManualClock clock;
  const auto states = make_sqlite_states({.path = dir / "states"}, clock);
  CHECK(states->of("example.com")->begun == WallTime::max());
  CHECK_FALSE(std::filesystem::exists(dir / "states"));
  const auto pending = row_of("example.com", "s1", KeyState::pending, start + 5s),
             active = row_of("example.com", "s2", KeyState::active, start);
  CHECK(states->add({active, pending}, start));
  CHECK(states->add({row_of("example.net", "s1", KeyState::retiring, start)}, start + 1h));
  struct stat status {};
  CHECK(::stat((dir / "states").c_str(), &status) == 0);
  CHECK((status.st_mode & 0007) == 0);

  const auto other = make_sqlite_states({.path = dir / "states"}, clock);
  const auto read = other->of("example.com");
  REQUIRE(read);
  CHECK(read->begun == start);  // the first time
  CHECK(read->rows == std::vector{pending, active});
  CHECK(other->of("example.org")->rows.empty());

  auto changed = pending;
  changed.state = KeyState::active;
  changed.looks = 3;
  CHECK(*other->change(pending, changed));
  CHECK_FALSE(*states->change(pending, changed));
  CHECK(states->of("example.com")->rows.front() == changed);
  CHECK(states->add({pending}, start));  // the same key: its row stays
  CHECK(states->of("example.com")->rows.front() == changed);
  auto replaced = pending;
  replaced.key = "another";
  CHECK(states->add({replaced}, start));
  CHECK(states->of("example.com")->rows.front() == replaced);
  CHECK(states->remove("example.com", "s1"));
  CHECK(states->of("example.com")->rows == std::vector{active});
}

TEST_CASE("sqlite states: what is due, those looked for least often first") {
  const TempDir dir;
  const ManualClock clock;
  const auto states = make_sqlite_states({.path = dir / "states"}, clock);
  CHECK(states->add({row_of("example.com", "often", KeyState::pending, start - 9s, 7),
                     row_of("example.com", "once", KeyState::pending, start, 1),
                     row_of("example.com", "later", KeyState::pending, start + 1s),
                     row_of("example.com", "active", KeyState::active, start - 1h),
                     row_of("example.com", "old", KeyState::retiring, start - 1h)},
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
  CHECK(states->add({row_of("example.com", "s1", KeyState::active, start)}, start));
  std::filesystem::remove(path);  // while it is open
  CHECK(states->of("example.com")->rows.empty());
  write_file(path,
             "this is no database, but it is long enough to be looked at as if it were one" + std::string(900, '.'));
  const auto read = states->of("example.com");
  REQUIRE_FALSE(read);
  CHECK(read.error().what == path + ": file is not a database");
  CHECK(read.error().temporary);
  CHECK_FALSE(states->add({row_of("example.com", "s1", KeyState::active, start)}, start));
  std::filesystem::remove(path);
  CHECK(states->add({row_of("example.com", "s2", KeyState::active, start)}, start));
  CHECK(states->of("example.com")->rows.size() == 1);
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  CHECK_FALSE(states->begin(start));
  const auto nowhere = make_sqlite_states({.path = dir / "none/states"}, clock);
  CHECK(nowhere->of("example.com"));
  CHECK_FALSE(nowhere->begin(start));
}
