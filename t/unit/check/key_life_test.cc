// SPDX-License-Identifier: BSD-2-Clause
// The life of a signing key: which keys sign, when a pending key is looked for again, what must not be removed.
#include "check/key_life.h"

#include <doctest/doctest.h>

#include "../fixture/key_place.h"

using namespace mailweir;
using namespace mailweir::test;
using namespace std::chrono_literals;

namespace {

const WallTime start(1'700'000'000s);

KeyStateRow row_of(const std::string& selector, KeyState state, const std::string& key = "QUFB") {
  KeyStateRow row{"example.com", selector, key};
  row.state = state;
  row.since = row.next = start;
  return row;
}

KeyStateRow replaced_row(const std::string& selector, const std::string& successor) {
  KeyStateRow row = row_of(selector, KeyState::active);
  row.successor = successor;
  return row;
}

std::string told(const KeysByState& keys) {
  std::string text =
      selectors_of(keys.signing) + " / " + selectors_of(keys.pending) + " / " + selectors_of(keys.retiring);
  for (const auto& row : keys.unknown) text += " +" + row.selector + ' ' + std::string(to_string(row.state));
  for (const auto& row : keys.replaced) text += " -" + row.selector;
  return text;
}

}  // namespace

TEST_CASE("key life: which of a domain's keys sign") {
  const auto pending = KeyState::pending, active = KeyState::active, retiring = KeyState::retiring;
  const WallTime before = start - 1h, after = start + 1s;
  struct Row {
    const char* label;
    std::vector<DkimKeyPtr> keys;
    std::vector<KeyStateRow> rows;
    bool propagation;
    std::string_view want;  // signing / pending / retiring, rows to be added
  };
  const Row rows[] = {
      {"no key", {}, {}, true, " /  / "},
      {"was there before", {named_key("s1", "QUFB", before)}, {}, true, "s1 /  /  +s1 active"},
      {"is new", {named_key("s1", "QUFB", after)}, {}, true, " / s1 /  +s1 pending"},
      {"it is not known when it was written", {named_key("s1")}, {}, true, " / s1 /  +s1 pending"},
      {"is new, without propagation", {named_key("s1", "QUFB", after)}, {}, false, "s1 /  /  +s1 pending"},
      {"a new one beside the old one",
       {named_key("s1", "QUFB", before), named_key("s2", "QkJC", after)},
       {row_of("s1", active)},
       true,
       "s1 / s2 /  +s2 pending"},
      {"the old one retires",
       {named_key("s1"), named_key("s2")},
       {row_of("s1", retiring), row_of("s2", active)},
       true,
       "s2 /  / s1"},
      {"all retire",
       {named_key("s1"), named_key("s2")},
       {row_of("s1", retiring), row_of("s2", retiring)},
       true,
       "s1 s2 /  / "},
      {"the new one is gone", {named_key("s1")}, {row_of("s1", retiring), row_of("s2", active)}, true, "s1 /  / "},
      {"one retires, one is pending",
       {named_key("s1"), named_key("s2")},
       {row_of("s1", retiring), row_of("s2", pending)},
       true,
       "s1 / s2 / "},
      {"is to retire",
       {named_key("s1"), named_key("s2")},
       {replaced_row("s1", "s2"), row_of("s2", active)},
       true,
       "s2 /  / s1 -s1"},
      {"is to retire once the new one is active",
       {named_key("s1"), named_key("s2")},
       {replaced_row("s1", "s2"), row_of("s2", pending)},
       true,
       "s1 / s2 / "},
      {"is to retire, and the new one is gone",
       {named_key("s1")},
       {replaced_row("s1", "s2"), row_of("s2", active)},
       true,
       "s1 /  / "},
      {"is to retire, and the new one is not that any more",
       {named_key("s1"), named_key("s2", "QkJC")},
       {replaced_row("s1", "s2"), row_of("s2", active)},
       true,
       "s1 / s2 /  +s2 pending"},
      {"replaces itself", {named_key("s1")}, {replaced_row("s1", "s1")}, true, "s1 /  / "},
      {"replaced under its name, by an older file",
       {named_key("s1", "QkJC", before)},
       {row_of("s1", active)},
       true,
       " / s1 /  +s1 pending"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.label);
    CHECK(told(sort_keys(row.keys, {row.rows, start}, row.propagation, after)) == row.want);
  }
  CHECK(told(sort_keys({named_key("s1", "QUFB", after)}, {}, true, after)) == "s1 /  /  +s1 active");  // no states yet
}

TEST_CASE("key life: a pending key is looked for less and less often") {
  KeyPublication lagging;
  lagging.servers = {{"ns1.example.com", {}, Published::yes, ""}, {"ns2.example.com", {}, Published::missing, ""}};
  struct Row {
    std::chrono::seconds age, pause;
  };
  const Row rows[] = {{0s, 5s}, {10s, 5s}, {1min, 15s}, {1h, 15min}, {4h, 1h}, {720h, 1h}};
  for (const Row& row : rows) {
    CAPTURE(row.age.count());
    const WallTime now = start + row.age;
    const auto next = after_look(row_of("s1", KeyState::pending), lagging, now);
    CHECK(next.state == KeyState::pending);
    CHECK(next.looks == 1);
    CHECK((next.next - now).count() == WallTime::duration(row.pause).count());
    CHECK(next.note == "ns2.example.com missing");
  }
}

TEST_CASE("key life: what a look makes of a pending key") {
  const IpAddress one = *IpAddress::parse("192.0.2.1");
  struct Row {
    const char* label;
    std::vector<ServerAnswer> servers;
    std::string trouble;
    KeyState want;
    std::string_view note;
  };
  const Row rows[] = {
      {"all have it", {{"ns1", one, Published::yes, ""}}, "", KeyState::active, ""},
      {"one is silent",
       {{"ns1", one, Published::yes, ""}, {"ns2", one, Published::no_answer, "timeout"}},
       "",
       KeyState::active,
       ""},
      {"none answers",
       {{"ns1", one, Published::no_answer, "timeout"}},
       "",
       KeyState::pending,
       "ns1 192.0.2.1 no answer: timeout"},
      {"another key",
       {{"ns1", one, Published::other, "p= is another key's"}, {"ns2", one, Published::no_answer, "timeout"}},
       "",
       KeyState::pending,
       "ns1 192.0.2.1 another key: p= is another key's"},
      {"no servers",
       {},
       "the name servers are not in the DNS",
       KeyState::pending,
       "the name servers are not in the DNS"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.label);
    KeyPublication found;
    found.servers = row.servers;
    found.trouble = row.trouble;
    const auto next = after_look(row_of("s1", KeyState::pending), found, start + 1min);
    CHECK(next.state == row.want);
    CHECK(next.note == row.note);
    if (next.state == KeyState::active) CHECK(next.since == start + 1min);
  }
}

TEST_CASE("key life: the only key that signs is not removed") {
  struct Row {
    const char* label;
    std::vector<KeyStateRow> rows;
    std::string selector;
    bool may;
  };
  const Row rows[] = {
      {"it signs alone", {row_of("s1", KeyState::active), row_of("s2", KeyState::pending)}, "s1", false},
      {"it is pending", {row_of("s1", KeyState::active), row_of("s2", KeyState::pending)}, "s2", true},
      {"another signs too", {row_of("s1", KeyState::active), row_of("s2", KeyState::active)}, "s1", true},
      {"it has retired", {row_of("s1", KeyState::retiring), row_of("s2", KeyState::active)}, "s1", true},
      {"it has retired, the new one is pending",
       {row_of("s1", KeyState::retiring), row_of("s2", KeyState::pending)},
       "s1",
       false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.label);
    const auto sorted = sort_keys({named_key("s1"), named_key("s2")}, {row.rows, start}, true, start);
    CHECK(objection_to_removal(row.selector, sorted).empty() == row.may);
  }
}
