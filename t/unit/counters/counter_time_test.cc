// SPDX-License-Identifier: BSD-2-Clause
// Clocks that are set: what the memory store makes of them while it lives and over a restart.
#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>

#include "../fixture/counter_cases.h"
#include "../fixture/stepped_clock.h"
#include "../fixture/temp_dir.h"
#include "adapter/counters/memory_counters.h"

using namespace mailweir;
using namespace std::chrono_literals;

TEST_CASE("memory counters: setting the clock makes nothing longer or shorter") {
  for (const std::chrono::seconds step :
       std::initializer_list<std::chrono::seconds>{-24h * 365, -24h * 30, -40s, -3s, 0s, 3s, 40s, 24h * 365}) {
    CAPTURE(step.count());
    SteppedClock clock;
    const auto store = make_memory_counters({}, clock);
    const Charge quota = ring_charge("quota", "a", {{10, 30s}}, 10), open = lease_charge("open", "a", 1, "m1"),
                 country = distinct_charge("from", "a", {{1, 30s}}, "de");
    const auto takes = [&](const Charge& charge) { return store->charge({&charge, 1}, soon())->taken; };
    REQUIRE(takes(quota));
    REQUIRE(takes(open));
    REQUIRE(takes(country));
    REQUIRE(*store->block({"quota", "b", "r", "over", 30s}, false, soon()));
    clock.step(step);
    clock.advance(29'999ms);
    CHECK_FALSE(takes(ring_charge("quota", "a", {{10, 30s}})));
    CHECK_FALSE(takes(distinct_charge("from", "a", {{1, 30s}}, "at")));
    CHECK_FALSE(takes(block_question("quota", "b")));
    clock.advance(1ms);
    CHECK(takes(distinct_charge("from", "a", {{1, 30s}}, "at")));
    CHECK(takes(block_question("quota", "b")));
    clock.advance(1s);
    CHECK(takes(quota));
    CHECK_FALSE(takes(lease_charge("open", "a", 1, "m2")));
    clock.advance(59s);
    CHECK(takes(lease_charge("open", "a", 1, "m2")));
  }
}

// Between two processes only the machine's clock tells what has passed. What it cannot know is taken as nothing.
TEST_CASE("memory counters: saved by a clock that is set before they are restored") {
  struct Row {
    const char* name;
    std::chrono::seconds before_save, down, before_restore;  // the clock is set by, the time that passes, set again by
    std::chrono::seconds left;                               // of 1h
  };
  const Row rows[] = {
      {"a right clock", 0s, 600s, 0s, 3000s},
      {"a year ahead at first, then right", 24h * 365, 600s, -24h * 365, 3600s},
      {"a year ahead, and it stays so", 24h * 365, 600s, 0s, 3000s},
      {"ten seconds back", 0s, 600s, -10s, 3010s},
      {"set right in the last process", -24h * 365, 600s, 0s, 3000s},
      {"1970 after a restart", 0s, 600s, -24h * 365 * 50, 3600s},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const TempDir dir;
    SteppedClock clock;
    const auto before = make_memory_counters({}, clock);
    clock.step(row.before_save);
    REQUIRE(before
                ->charge(std::array{ring_charge("quota", "a", {{10, 3600s}}, 10),
                                    distinct_charge("from", "a", {{1, 3600s}}, "de")},
                         soon())
                ->taken);
    REQUIRE(*before->block({"quota", "b", "r", "over", 3600s}, false, soon()));
    REQUIRE(before->save(dir / "counters"));
    clock.advance(row.down);
    clock.step(row.before_restore);
    const auto after = make_memory_counters({}, clock);
    REQUIRE(after->restore(dir / "counters"));
    CHECK(after->blocks(9, soon())->front().left == row.left);
    const Charge at{distinct_charge("from", "a", {{1, 3600s}}, "at")}, one{ring_charge("quota", "a", {{10, 3600s}})};
    CHECK(after->charge({&at, 1}, soon())->levels[0].retry_after == row.left);
    // A ring gives back up to a 30th of the period later.
    const auto wait = after->charge({&one, 1}, soon())->levels[0].retry_after;
    CHECK(wait >= row.left);
    CHECK(wait <= row.left + 120s);
    // Saved and restored again: it is the store's time that goes on, and nothing is rounded.
    REQUIRE(after->save(dir / "again"));
    const auto third = make_memory_counters({}, clock);
    REQUIRE(third->restore(dir / "again"));
    CHECK(third->charge({&one, 1}, soon())->levels[0].retry_after == wait);
    clock.advance(row.left - 1ms);
    CHECK_FALSE(third->charge({&one, 1}, soon())->taken);
    CHECK_FALSE(third->charge({&at, 1}, soon())->taken);
    clock.advance(120s);
    CHECK(third->charge({&one, 1}, soon())->taken);
    CHECK(third->charge({&at, 1}, soon())->taken);
  }
}

TEST_CASE("memory counters: a file of the first version says when it was saved by its own time") {
  const TempDir dir;
  const std::string file = dir / "counters";
  // 1,700,000,000 s are the first of slot 51,000,000,000 of a period of 1,000 s, and 1,700,000,600 s those of the
  // block's end.
  std::string text = "mailweir-counters 1\n1000 =quota =a 51000000 0:10\nblock =quota =b =r =over 1700000600000\n";
  std::uint64_t sum = 0xcbf2'9ce4'8422'2325;
  for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3;
  std::ostringstream end;
  end << "end 2 " << std::hex << sum << '\n';
  std::ofstream(file, std::ios::binary) << text << end.str();
  const auto left_after = [&](std::chrono::seconds passed) {
    const timespec at[] = {{1'700'000'000, 0}, {1'700'000'000, 0}};
    REQUIRE(utimensat(AT_FDCWD, file.c_str(), at, 0) == 0);
    ManualClock clock(WallTime(1'700'000'000s + passed));
    const auto store = make_memory_counters({}, clock);
    REQUIRE(store->restore(file)->restored == 1);
    const Charge one = ring_charge("quota", "a", {{10, 1000s}});
    const auto charged = store->charge({&one, 1}, soon());
    CHECK_FALSE(charged->taken);
    const auto blocks = store->blocks(9, soon());
    return std::pair(charged->levels[0].retry_after, blocks->empty() ? 0ms : blocks->front().left);
  };
  const auto then = left_after(0s), later = left_after(100s), wrong = left_after(-24h * 365);
  CHECK(then.second == 600s);
  CHECK(later.second == 500s);
  CHECK(wrong.second == 600s);
  CHECK(later.first == then.first - 100s);
  CHECK(wrong.first == then.first);
}
