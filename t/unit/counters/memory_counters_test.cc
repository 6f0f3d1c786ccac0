// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

#include "../fixture/counter_cases.h"
#include "../fixture/temp_dir.h"
#include "adapter/counters/counter_table.h"
#include "adapter/counters/memory_counters.h"
#include "base/keyed_hash.h"
#include "port/ring.h"

using namespace mailweir;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<CounterStore> make(const Clock& clock) { return make_memory_counters({}, clock); }

// A directory of the test's own, removed with all that is in it.
class Directory {
 public:
  Directory() {
    char name[] = "/tmp/mailweir-test-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

std::uint64_t count_of(CounterStore& store, const Charge& of) {
  Charge ask = of;
  ask.amount = 0;
  const auto answer = store.charge({&ask, 1}, soon());
  REQUIRE(answer);
  return answer->levels[0].count;
}

}  // namespace

TEST_CASE("memory counters: the table of all stores") { check_counter_table(make); }
TEST_CASE("memory counters: never over in any period, no refusal without cause") { check_exact_model(make, 40'000); }
TEST_CASE("memory counters: threads") { check_threads(make); }
TEST_CASE("memory counters: lists") { check_lists(make); }
TEST_CASE("memory counters: blocks") { check_blocks(make); }
TEST_CASE("memory counters: values") { check_values(make); }
TEST_CASE("memory counters: values are bounded, and outlive a restart") {
  const TempDir dir;
  const std::string file = dir / "counters";
  ManualClock clock;
  const auto before = make_memory_counters({.max_counters = 3}, clock), after = make_memory_counters({}, clock);
  const auto take = [](CounterStore& store, const Charge& charge) {
    const auto answer = store.charge({&charge, 1}, soon());
    return answer && answer->taken;
  };
  const auto country = [](std::string value) {
    return distinct_charge("a limit", "bob", {{2, 3600s}}, std::move(value));
  };
  const auto to = [](std::string who) { return first_charge("first", "bob", {{1, 3600s}}, std::move(who)); };
  CHECK(take(*before, country("D E")));
  CHECK(take(*before, to("r1")));
  CHECK_FALSE(take(*before, country("AT")));  // one value, one counter, one that is remembered
  CHECK(before->stats().counters == 3);
  REQUIRE(before->save(file));
  clock.advance(30min);
  const auto restored = after->restore(file);
  REQUIRE(restored);
  CHECK(restored->restored == 3);
  CHECK(take(*after, to("r1")));
  CHECK_FALSE(take(*after, to("r2")));
  CHECK(take(*after, country("AT")));
  CHECK_FALSE(take(*after, country("CH")));
  clock.advance(30min);
  CHECK(take(*after, country("CH")));  // the first has left, with the time of before the restart
}
TEST_CASE("memory counters: blocks outlive a restart") {
  const TempDir dir;
  const std::string file = dir / "counters";
  ManualClock clock;
  const auto before = make_memory_counters({}, clock), after = make_memory_counters({}, clock);
  const Block block{"a limit", "bob@ex%ample.com", "stolen", "over 2/1h", std::chrono::hours(2)};
  REQUIRE(before->block(block, false, soon()));
  REQUIRE(before->save(file));
  clock.advance(std::chrono::hours(1));
  REQUIRE(after->restore(file));
  const auto blocks = after->blocks(10, soon());
  REQUIRE(blocks);
  REQUIRE(blocks->size() == 1);
  CHECK(blocks->front().key == block.key);
  CHECK(blocks->front().reason == block.reason);
  CHECK(blocks->front().left == std::chrono::hours(1));
}
TEST_CASE("memory counters: bad charges") { check_bad_charges(make); }

TEST_CASE("ring: slots have no gaps and no overlaps, whatever the period") {
  for (const std::int64_t period : {1'000, 2'000, 7'000, 30'000, 86'400'000, 604'800'000}) {
    CAPTURE(period);
    const std::int64_t first = ring::slot_at(1'700'000'000'123, period);
    for (std::int64_t slot = first; slot < first + 100; ++slot) {
      CHECK(ring::slot_at(ring::begin_of(slot, period), period) == slot);
      CHECK(ring::slot_at(ring::begin_of(slot, period) - 1, period) == slot - 1);
      // Later than a period after its last millisecond, at most 31/30 after its first.
      CHECK(ring::gone_at(slot, period) - (ring::begin_of(slot + 1, period) - 1) > period);
      CHECK((ring::gone_at(slot, period) - ring::begin_of(slot, period) - 1) * 30 < 31 * period);
    }
  }
}

TEST_CASE("keyed hash: SipHash-1-3 as CPython computes it, and pairs") {
  const KeyedHash zero(0, 0), one(1, 2), other(1, 3);
  CHECK(zero("abc") == 0xc03bc3a0042630f2);  // PYTHONHASHSEED=0 python3 -c 'print(hash(b"abc") % 2**64)'
  CHECK(zero("01234567") == 0xda3dcedf84ea6cc6);
  CHECK(zero("alice@example.com") == 0xa810b55682d9a68d);
  CHECK(one("alice") == one("alice"));
  CHECK(one("alice") != other("alice"));
  CHECK(one("ab", "c") != one("a", "bc"));
  CHECK(one("", "") != one("", std::string_view("\0", 1)));
  CHECK(KeyedHash()("x") != KeyedHash()("x"));
}

TEST_CASE("memory counters: a live counter is never dropped to make room") {
  ManualClock clock;
  const auto store = make_memory_counters({.max_counters = 100}, clock);
  const auto charge = [&](const std::string& key) {
    const Charge one = ring_charge("quota", key, {{5, 60s}}, 5);
    return store->charge({&one, 1}, soon());
  };
  constexpr int room = 88;  // the last eighth is for limits that hold little
  for (int i = 0; i < room; ++i) REQUIRE(charge("key" + std::to_string(i)));
  CHECK(store->stats().counters == room);
  const auto more = charge("one too many");
  REQUIRE_FALSE(more);
  CHECK(more.error().temporary);
  CHECK(more.error().what.find("counter memory is full") == 0);
  CHECK(more.error().what.find("max_counters") != std::string::npos);
  // All or none: the known one of this call is not counted either; known ones are asked as ever.
  const Charge pair[] = {ring_charge("quota", "key1", {{9, 60s}}), ring_charge("quota", "new", {{9, 60s}})};
  CHECK_FALSE(store->charge(pair, soon()));
  CHECK(count_of(*store, pair[0]) == 5);
  CHECK_FALSE(store->renew(std::array{lease_charge("quota", "a", 5, "m1")}, soon()));
  CHECK(store->stats().full == 3);
  CHECK(store->stats().counters == room);
  // What asks, what is refused and what is unlimited needs no room.
  const Charge ask = ring_charge("quota", "new", {{9, 60s}}, 0), never = ring_charge("quota", "new", {{9, 60s}}, 10);
  CHECK(store->charge({&ask, 1}, soon()));
  CHECK(store->charge({&never, 1}, soon()));
  clock.advance(62s);
  for (int i = 0; i < room; ++i) REQUIRE(charge("later" + std::to_string(i)));
  CHECK(store->stats().counters == room);
  CHECK_FALSE(charge("one too many"));
}

TEST_CASE("memory counters: expired ones go little by little as new ones come") {
  ManualClock clock;
  const auto store = make_memory_counters({}, clock);
  std::uint64_t most = 0;
  for (int i = 0; i < 200'000; ++i) {
    clock.advance(10ms);
    const Charge one = ring_charge("quota", "key" + std::to_string(i), {{5, 10s}});
    REQUIRE(store->charge({&one, 1}, soon()));
    most = std::max<std::uint64_t>(most, store->stats().counters);
  }
  CHECK(most > 1'000);  // 1,034 are alive at any time
  CHECK(most < 2'500);
}

TEST_CASE("memory counters: dead leases are swept even if their key is not asked for") {
  ManualClock clock;
  const auto store = make_memory_counters({}, clock);
  const auto open = [&](const std::string& client) {
    return static_cast<bool>(store->charge(std::array{lease_charge("open", client, 5, "m")}, soon()));
  };
  for (int i = 0; i < 5'000; ++i) REQUIRE(open(std::to_string(i)));
  CHECK(store->stats().counters == 5'000);
  clock.advance(91s);
  for (int i = 0; i < 1'000; ++i) REQUIRE(open("x" + std::to_string(i)));
  CHECK(store->stats().counters == 1'000);
}

TEST_CASE("memory counters: a table against a map") {
  CounterTable table;
  std::mt19937 random(7);
  std::vector<std::uint64_t> model(300, 0);
  std::vector<bool> known(300, false);
  const std::int64_t start = 1'700'000'000'000;
  // Few hashes, so that many meet in one place; every tenth counter is short-lived and swept away.
  const auto name_of = [](std::string& key, unsigned n) {
    key = std::to_string(n);
    return CounterName{"limit", key, n % 10 == 0 ? 1u : 86'400u, n % 16};
  };
  for (int i = 0; i < 20'000; ++i) {
    std::string key;
    const unsigned n = random() % 300;
    const CounterName name = name_of(key, n);
    const std::int64_t now = start + i * 100;
    const unsigned units = random() % 3;
    if (n % 10 == 0) {
      table.add(name, units, now);
    } else {
      CHECK(table.add(name, units, now).created == !known[n]);
      known[n] = true;
      model[n] += units;
    }
    table.sweep(3, now);
  }
  table.sweep(table.places(), start + 20'000 * 100 + 10'000);
  for (unsigned n = 0; n < 300; ++n) {
    std::string key;
    const auto found = table.look(name_of(key, n), start + 20'000 * 100);
    CHECK(found.exists == known[n]);
    CHECK(found.used == model[n]);
  }
  CHECK(table.size() == 270);
}

TEST_CASE("memory counters: saved and restored") {
  ManualClock clock;
  const Directory directory;
  const std::string file = directory.file("counters");
  const Charge quota = ring_charge("quota", "al ice%\n@example.com", {{10, 30s}, {100, 86'400s}}, 7);
  const Charge bytes = ring_charge("bytes", "", {{1'000'000'000'000, 3'600s}}, 5'000'000'000);
  const Charge spent = ring_charge("spent", "a", {{10, 30s}}, 1);
  const Charge open = lease_charge("open", "192.0.2.1", 5, "m1");
  Receipt receipt;
  {
    const auto store = make_memory_counters({}, clock);
    const auto given = store->charge({&spent, 1}, soon());
    REQUIRE(store->give_back({&spent, 1}, given->receipt, soon()));
    receipt = store->charge(std::array{quota, bytes, open}, soon())->receipt;
    REQUIRE(store->save(file));
    clock.advance(5s);
    Charge more = quota;
    more.amount = 2;
    REQUIRE(store->charge({&more, 1}, soon()));
    REQUIRE(store->save(file));
  }
  struct stat status {};
  REQUIRE(stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK_FALSE(std::filesystem::exists(file + ".new"));

  const auto store = make_memory_counters({}, clock);
  const auto restored = store->restore(file);
  REQUIRE(restored);
  CHECK(restored->restored == 3);
  CHECK(restored->expired == 0);
  CHECK(store->stats().counters == 3);
  CHECK(count_of(*store, quota) == 9);
  CHECK(count_of(*store, bytes) == 5'000'000'000);
  CHECK(count_of(*store, spent) == 0);
  CHECK(count_of(*store, open) == 0);
  clock.advance(26s);  // the ring is as it was: the first seven leave, and can be given back from the long window
  CHECK(count_of(*store, ring_charge("quota", quota.key, {{10, 30s}})) == 2);
  REQUIRE(store->give_back(std::array{quota, bytes, open}, receipt, soon()));
  CHECK(count_of(*store, ring_charge("quota", quota.key, {{100, 86'400s}})) == 2);

  clock.advance(2h);
  const auto later = make_memory_counters({}, clock);
  const auto again = later->restore(file);
  REQUIRE(again);
  CHECK(again->restored == 1);
  CHECK(again->expired == 2);

  const auto small = make_memory_counters({.max_counters = 0}, clock);
  const auto none = small->restore(file);
  REQUIRE(none);
  CHECK(none->no_room == 1);
}

TEST_CASE("memory counters: many are saved and restored") {
  ManualClock clock;
  const Directory directory;
  const auto store = make_memory_counters({}, clock);
  for (int i = 0; i < 20'000; ++i) {
    clock.advance(1s);
    REQUIRE(store->charge(std::array{ring_charge("quota", std::to_string(i), {{100, 864'000s}}, 1 + i % 50)}, soon()));
  }
  REQUIRE(store->save(directory.file("c")));
  const auto copy = make_memory_counters({}, clock);
  REQUIRE(copy->restore(directory.file("c"))->restored == 20'000);
  REQUIRE(copy->save(directory.file("d")));
  const auto sorted = [](const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      if (!line.starts_with("end ") && !line.starts_with("time ")) lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  };
  CHECK(sorted(content(directory.file("c"))) == sorted(content(directory.file("d"))));
}

TEST_CASE("memory counters: a damaged file names itself and leaves an empty store") {
  ManualClock clock;
  const Directory directory;
  const std::string file = directory.file("counters");
  {
    const auto store = make_memory_counters({}, clock);
    for (int i = 0; i < 3; ++i) {
      REQUIRE(store->charge(std::array{ring_charge("quota", "key" + std::to_string(i), {{9, 3'600s}}, 3)}, soon()));
    }
    REQUIRE(store->save(file));
  }
  const std::string good = content(file);
  const auto replaced = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    const auto at = text.find(from);
    REQUIRE(at != text.npos);
    return text.replace(at, from.size(), to);
  };
  const auto start = good.find("3600");
  const std::string a_line = good.substr(start, good.find('\n', start) + 1 - start);
  struct Row {
    std::string name;
    std::string text;
    const char* error;
  };
  const Row rows[] = {
      {"empty", "", "not a file of saved counters"},
      {"foreign", "root:x:0:0:root:/root:/bin/bash\n", "not a file of saved counters"},
      {"foreign, no end of line", std::string(1'000'000, 'x'), "not a file of saved counters"},
      {"a later version", replaced("counters 2", "counters 3"), "not a file of saved counters"},
      {"no time", replaced("\ntime ", "\nteim "), "the time cannot be understood"},
      {"a time too many", replaced("\ntime ", "\ntime 1 "), "the time cannot be understood"},
      {"a time that is none", replaced("\ntime ", "\ntime -"), "the time cannot be understood"},
      {"a time in ten thousand years", replaced("\ntime ", "\ntime 1000"), "the time cannot be understood"},
      {"nothing behind the first line", "mailweir-counters 2\n", "the end is missing"},
      {"truncated in a line", good.substr(0, good.size() / 2), "the end is missing"},
      {"truncated before the end", good.substr(0, good.rfind("end ")), "the end is missing"},
      {"truncated in the end", good.substr(0, good.size() - 3), "the end is missing"},
      {"a count changed", replaced("0:3", "0:1"), "checksum"},
      {"a line lost", replaced(a_line, ""), "checksum"},
      {"more behind the end", good + "3600 =a =b 1 0:1\n", "after the end"},
      {"a bit behind the end", good + "x", "after the end"},
      {"a cell too many", replaced("0:3", "31:3"), "cannot be understood"},
      {"a count of none", replaced("0:3", "0:0"), "cannot be understood"},
      {"a cell twice", replaced("0:3", "0:3 0:3"), "cannot be understood"},
      {"a count too large", replaced("0:3", "0:9007199254740992"), "cannot be understood"},
      {"a slot beyond all time", replaced(a_line, "3600 =limit =key 75059993790 0:1\n"), "cannot be understood"},
      {"no period", replaced("3600 ", "0 "), "cannot be understood"},
      {"a bad escape", replaced("=key", "=k%zy"), "cannot be understood"},
      {"a line without end", good.substr(0, good.find('\n') + 1) + std::string(100'000, '1'), "the end is missing"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    write(file, row.text);
    const auto store = make_memory_counters({}, clock);
    const auto restored = store->restore(file);
    REQUIRE_FALSE(restored);
    CHECK(restored.error().what.starts_with(file));
    CHECK(restored.error().what.find(row.error) != std::string::npos);
    CHECK(store->stats().counters == 0);
    CHECK(store->list({}, soon())->empty());
  }
  const auto store = make_memory_counters({}, clock);
  CHECK(store->restore(directory.file("none"))->restored == 0);
  CHECK(store->restore(directory.file("")).error().what.find("not a regular file") != std::string::npos);
  CHECK(store->save(directory.file("no/such")).error().what.starts_with(directory.file("no/such")));
  // A save that fails leaves the old file as it was.
  write(file, good);
  std::filesystem::create_directories(file + ".new/x");
  CHECK_FALSE(store->save(file));
  CHECK(content(file) == good);
}
