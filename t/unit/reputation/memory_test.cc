// SPDX-License-Identifier: BSD-2-Clause
// What the reputation watch remembers: states, changes, reminders, and its file.
#include <doctest/doctest.h>

#include <algorithm>

#include "../fixture/temp_dir.h"
#include "base/text.h"
#include "reputation/memory_file.h"

using namespace mailweir;
using std::chrono::hours;

namespace {

const WallTime start{std::chrono::seconds(1'800'000'000)};

Finding finding(const std::string& subject, const std::string& check, const std::string& of, Standing standing) {
  Finding one;
  one.subject = subject;
  one.check = check;
  one.of = of;
  one.standing = standing;
  one.detail = "127.0.0.2";
  return one;
}

Standing standing_of(char letter) {
  switch (letter) {
    case 'L': return Standing::listed;
    case 'W': return Standing::wrong;
    case 'B': return Standing::blind;
    case 'K': return Standing::kept;
    default: return Standing::good;
  }
}

std::string words_of(const std::vector<Change>& changes) {
  std::string text;
  for (const auto& change : changes) text += (text.empty() ? "" : " ") + std::string(to_string(change.what));
  return text;
}

}  // namespace

TEST_CASE("reputation memory: states, changes, reminders") {
  // Each look is LETTER@HOUR: G good, L listed, W wrong, B blind, K kept (its list is blind). A '!': no receiver took
  // the alert. What is wanted of each: what is new since the look before / what the receivers are told.
  struct Row {
    std::string looks, want;
  };
  const Row rows[] = {
      {"G@0 G@24", "/ /"},
      {"L@0 L@24", "listed/listed /"},
      {"G@0 L@24 G@48", "/ listed/listed delisted/delisted"},
      {"W@0 G@24 W@48", "wrong/wrong mended/mended wrong/wrong"},
      // A reminder each 7 days, an hour early at the most, as long as it lasts.
      {"L@0 L@166 L@167 L@168 L@334 G@400 G@900", "listed/listed / /still / /still delisted/delisted /"},
      {"B@0 B@168 G@169", "blind/blind /still visible/visible"},
      // What cannot be asked is as it was, and nothing is delisted by that.
      {"L@0 B@24 G@48", "listed/listed blind/blind visible,delisted/delisted,visible"},
      {"L@0 K@24 K@200 L@224", "listed/listed / /still /"},
      {"L@0 B@24 L@48", "listed/listed blind/blind visible/visible"},
      {"K@0 G@24", "/ /"},
      // It was not reported: the next look reports it, unless it has ended meanwhile.
      {"!L@0 L@24 G@48", "listed/listed /listed delisted/delisted"},
      {"!L@0 G@24 G@48", "listed/listed delisted/ /"},
      {"L@0 !G@24 G@48 G@72", "listed/listed delisted/delisted /delisted /"},
      {"L@0 !G@24 L@48", "listed/listed delisted/delisted listed/"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.looks);
    Memory memory;
    std::string got;
    for (auto look : words(row.looks)) {
      const bool taken = !look.starts_with('!');
      if (!taken) look.remove_prefix(1);
      const auto now = start + hours(*to_number(look.substr(2)));
      const bool record = row.looks.find('W') != std::string::npos;
      const auto changes =
          remember(memory, {finding("192.0.2.1", record ? "SPF" : "dnsbl", record ? "" : "zen", standing_of(look[0]))},
                   {"zen"}, now, hours(7 * 24));
      if (taken) note_told(memory, changes.untold, now);
      const auto comma = [](std::string text) {
        std::replace(text.begin(), text.end(), ' ', ',');
        return text;
      };
      got += (got.empty() ? "" : " ") + comma(words_of(changes.fresh)) + '/' + comma(words_of(changes.untold));
    }
    CHECK(got == row.want);
  }
}

TEST_CASE("reputation memory: counts, and what is not watched any more is forgotten") {
  Memory memory;
  const std::vector<Finding> findings = {
      finding("192.0.2.1", "dnsbl", "zen", Standing::listed), finding("192.0.2.2", "dnsbl", "zen", Standing::listed),
      finding("192.0.2.1", "dnsbl", "cop", Standing::kept),   finding("cop", "dnsbl", "", Standing::blind),
      finding("example.com", "SPF", "", Standing::wrong),     finding("example.com", "MX", "", Standing::blind)};
  CHECK(words_of(remember(memory, findings, {"zen", "cop"}, start, hours(168)).fresh) ==
        "listed listed blind wrong blind");
  REQUIRE(memory.lists.size() == 2);
  CHECK(memory.lists[0].listed == 2);
  CHECK_FALSE(memory.lists[0].blind);
  CHECK(memory.lists[1].listed == 0);
  CHECK(memory.lists[1].blind);
  CHECK(memory.wrong() == 1);
  CHECK(memory.unknown() == 1);
  const auto later = remember(memory, {findings[0]}, {"zen"}, start + hours(1), hours(168));
  CHECK(later.fresh.empty());
  CHECK(memory.faults.size() == 1);
}

TEST_CASE("reputation memory: words") {
  const auto told = [](Change::What what, const Finding& one) { return in_words(Change{what, one, start}); };
  const auto listing = finding("192.0.2.1", "dnsbl", "zen", Standing::listed);
  CHECK(told(Change::What::listed, listing) == "listed: 192.0.2.1 is listed in zen (127.0.0.2)");
  CHECK(told(Change::What::still, listing) == "still: 192.0.2.1 is listed in zen (127.0.0.2)");
  CHECK(told(Change::What::delisted, listing) == "delisted: 192.0.2.1 is not listed in zen any more");
  const auto list = finding("zen", "dnsbl", "", Standing::blind);
  CHECK(told(Change::What::blind, list) == "blind: DNSBL zen cannot be asked (127.0.0.2)");
  CHECK(told(Change::What::visible, list) == "visible: DNSBL zen can be asked again");
  const auto key = finding("example.com", "DKIM", "s1", Standing::wrong);
  CHECK(told(Change::What::wrong, key) == "wrong: example.com: DKIM s1 is wrong (127.0.0.2)");
  CHECK(told(Change::What::mended, key) == "mended: example.com: DKIM s1 is good again");
}

TEST_CASE("reputation memory: the file") {
  const TempDir directory;
  const std::string path = directory / "reputation.json";
  const auto none = read_memory(path);
  REQUIRE(none);
  CHECK(none->looked == WallTime());

  Memory memory;
  const auto changes = remember(
      memory,
      {finding("192.0.2.1", "dnsbl", "zen", Standing::listed), finding("example.com\xff", "MX", "", Standing::blind)},
      {"zen"}, start, hours(168));
  note_told(memory, {changes.untold.front()}, start);
  REQUIRE(write_memory(path, memory));
  const auto again = read_memory(path);
  REQUIRE(again);
  CHECK(again->looked == start);
  CHECK(again->faults.size() == 2);
  const auto& fault = again->faults.begin()->second;
  CHECK(fault.lasts);
  CHECK(fault.told);
  CHECK(fault.since == start);
  CHECK(fault.finding.standing == Standing::listed);
  CHECK(fault.finding.detail == "127.0.0.2");
  CHECK_FALSE(again->faults.rbegin()->second.told);
  REQUIRE(again->lists.size() == 1);
  CHECK(again->lists[0].listed == 1);

  const auto lock = lock_memory(path);
  REQUIRE(lock);
  const auto second = lock_memory(path);
  REQUIRE_FALSE(second);
  CHECK(second.error().temporary);

  for (const std::string bad : {"", "{", "[]", "{\"version\": 2}", "{\"version\": 1, \"looked\": \"x\"}",
                                "{\"version\": 1, \"looked\": 1, \"lists\": [{}], \"faults\": []}"}) {
    CAPTURE(bad);
    write_file(path, bad);
    const auto read = read_memory(path);
    REQUIRE_FALSE(read);
    CHECK_FALSE(read.error().temporary);
    CHECK(move_aside(path, read.error().what).find("renamed to " + path + ".damaged") != std::string::npos);
    CHECK(read_memory(path));
  }
}
