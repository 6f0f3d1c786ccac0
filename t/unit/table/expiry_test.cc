// SPDX-License-Identifier: BSD-2-Clause
// Entries with an expiry date, in files and inline, by names and by networks.
#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>

#include "../fixture/temp_dir.h"
#include "adapter/table/expiry.h"
#include "adapter/table/table.h"
#include "adapter/table/table_file.h"

namespace mailweir {
namespace {

using std::chrono::seconds;

WallTime at(std::int64_t unix_time) { return WallTime(seconds(unix_time)); }

// The local zone, for as long as this stands.
class LocalZone {
 public:
  explicit LocalZone(const char* name) : before_(std::getenv("TZ") != nullptr ? std::getenv("TZ") : "") {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~LocalZone() {
    if (before_.empty()) ::unsetenv("TZ");
    else ::setenv("TZ", before_.c_str(), 1);
    ::tzset();
  }

 private:
  std::string before_;
};

TEST_CASE("expiry: how a time is written") {
  const LocalZone zone("XYZ-2");  // two hours east
  struct Row {
    std::string_view text, rest;
    std::int64_t until;  // 0: none; -1: an error
  };
  const Row rows[] = {
      {"", "", 0},
      {"200/1h", "200/1h", 0},
      {"until=2026-12-31T18:00:00Z", "", 1798740000},
      {"until=2026-12-31T18:00Z", "", 1798740000},
      {"until=2026-12-31T18:00:00+01:00", "", 1798736400},
      {"until=2026-12-31T18:00:00-01:30", "", 1798745400},
      {"until=2026-12-31T18:00:00", "", 1798732800},
      {"until=2026-12-31", "", 1798754400},  // 2027-01-01 00:00 local
      {"until=2024-02-29", "", 1709244000},
      {"200/1h 1000/1d  until=2026-12-31", "200/1h 1000/1d", 1798754400},
      {"until=2026-12-31 200/1h", "until=2026-12-31 200/1h", 0},  // the last word, or it is text
      {"until=", "", -1},
      {"until=tomorrow", "", -1},
      {"until=2025-02-29", "", -1},
      {"until=2026-13-01", "", -1},
      {"until=2026-1-1", "", -1},
      {"until=2026-12-31T24:00", "", -1},
      {"until=2026-12-31T18", "", -1},
      {"until=2026-12-31T18:00:00+1", "", -1},
      {"until=2026-12-31x", "", -1},
      {"until=1899-01-01", "", -1},
      {"until=9999-01-01", "", -1},
      {"until=+026-12-31", "", -1},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto got = take_until(row.text);
    REQUIRE(static_cast<bool>(got) == (row.until >= 0));
    if (!got) continue;
    CHECK(got->text == row.rest);
    CHECK(got->until.has_value() == (row.until != 0));
    if (got->until) CHECK(got->until->time_since_epoch() == seconds(row.until));
  }
}

TEST_CASE("expiry: an entry is not there from that moment on, with no reload") {
  ManualClock clock(at(1000));
  const TableEntry entries[] = {
      {"a.example", "", at(2000)},  {".example", "", {}},           {"user@b.example", "", at(2000)},
      {"b.example", "", at(3000)},  {"192.0.2.0/24", "", at(3000)}, {"192.0.2.7", "", at(2000)},
      {"198.51.100.0/24", "", {}},  {"198.51.100.7", "", at(2000)}, {"2001:db8::/32", "", at(2000)},
      {"twice.test", "", at(1500)}, {"twice.test", "", at(3500)},   {"ever.test", "", at(1500)},
      {"ever.test", "", {}},        {"203.0.113.1", "", at(1500)},  {"203.0.113.1", "", at(3500)}};
  const auto made = make_table(entries, TableKind::list, clock);
  REQUIRE(made.table);
  const Table& table = *made.table;
  const auto ip = [&](std::string_view text) { return table.find(*IpAddress::parse(text)).has_value(); };
  const auto mail = [&](std::string_view text) { return table.find(Address::parse(text)).has_value(); };
  const auto name = [&](std::string_view text) { return table.find_domain(text).has_value(); };
  CHECK(table.find_word("a.example"));
  CHECK(ip("192.0.2.7"));
  CHECK(ip("2001:db8::1"));
  CHECK(mail("user@b.example"));
  clock.advance(seconds(999));
  CHECK(table.find_word("a.example"));
  clock.advance(seconds(1));  // 2000
  CHECK_FALSE(table.find_word("a.example"));
  CHECK(name("a.example"));       // .example still stands
  CHECK(mail("user@b.example"));  // b.example still stands
  CHECK_FALSE(ip("2001:db8::1"));
  CHECK(ip("192.0.2.7"));  // the network around it
  CHECK(ip("198.51.100.7"));
  CHECK(name("twice.test"));
  CHECK(name("ever.test"));
  CHECK(ip("203.0.113.1"));
  clock.advance(seconds(1000));  // 3000
  CHECK_FALSE(ip("192.0.2.7"));
  CHECK_FALSE(ip("192.0.2.8"));
  CHECK(ip("198.51.100.7"));
  CHECK(mail("user@b.example"));  // .example
  clock.advance(seconds(1000));
  CHECK_FALSE(name("twice.test"));
  CHECK_FALSE(ip("203.0.113.1"));
  CHECK(name("ever.test"));
}

TEST_CASE("expiry: maps give the value of the entry that stands") {
  ManualClock clock(at(1000));
  const TableEntry entries[] = {{"192.0.2.0/24", "outer", {}},
                                {"192.0.2.0/28", "inner", at(2000)},
                                {"alice", "500/1h", at(2000)},
                                {"odd", "\x01value", {}}};
  const auto made = make_table(entries, TableKind::map, clock);
  REQUIRE(made.table);
  CHECK(made.table->find(*IpAddress::parse("192.0.2.1")) == "inner");
  CHECK(made.table->find_word("alice") == "500/1h");
  CHECK(made.table->find_word("odd") == "\x01value");
  clock.advance(seconds(1000));
  CHECK(made.table->find(*IpAddress::parse("192.0.2.1")) == "outer");
  CHECK_FALSE(made.table->find_word("alice"));
  std::size_t seen = 0;
  made.table->each([&](std::string_view, std::string_view value) {
    seen += value == "outer" || value == "inner" || value == "500/1h" || value == "\x01value";
  });
  CHECK(seen >= 4);
}

TEST_CASE("expiry: in files; what has expired is a warning, what cannot be read an error") {
  const TempDir dir;
  ManualClock clock(at(1798740000));
  write_file(dir / "list",
             "192.0.2.0/24  # a comment\nuser@example.com  until=2027-12-31 # until the contract ends\nold.example "
             "until=2020-01-01\n");
  const auto list = read_table(dir / "list", TableKind::list, clock);
  REQUIRE(list.table);
  REQUIRE(list.warnings.size() == 1);
  CHECK(list.warnings[0].find(dir / "list" + ":3:1: expired on 2020-01-0") == 0);
  CHECK(list.table->find(Address::parse("user@example.com")));
  CHECK_FALSE(list.table->find_domain("old.example"));
  write_file(dir / "map", "alice 500/1h until=2027-12-31T12:00:00Z\nbob 100/1h until=never\n");
  const auto map = read_table(dir / "map", TableKind::map, clock);
  REQUIRE(map.errors.size() == 1);
  CHECK(map.errors[0].find(dir / "map" + ":2:5: \"until=never\" is not a time") == 0);
  write_file(dir / "bare", "alice until=2027-12-31\n");
  CHECK(read_table(dir / "bare", TableKind::map, clock).errors.size() == 1);  // a map's entry has a value
}

}  // namespace
}  // namespace mailweir
