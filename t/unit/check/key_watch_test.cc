// SPDX-License-Identifier: BSD-2-Clause
// KeyWatch and StatedKeys together: keys found, published, replaced and removed, and a store that fails.
#include "check/key_watch.h"

#include <filesystem>
#include <map>

#include <doctest/doctest.h>

#include "../fixture/dns_fixture.h"
#include "../fixture/engine_fixture.h"
#include "../fixture/key_place.h"
#include "../fixture/temp_dir.h"
#include "adapter/keys/sqlite_states.h"

using namespace mailweir;
using namespace mailweir::test;
using namespace std::chrono_literals;

namespace {

// Two name servers, each with a zone of its own.
struct KeyHouse {
  TempDir dir;
  ManualClock clock;
  LineLog log;
  std::shared_ptr<KeyPlaceInMemory> place = std::make_shared<KeyPlaceInMemory>();
  KeyStatesPtr states = make_sqlite_states({.path = dir / "states"}, clock);
  bool propagation = true;
  std::shared_ptr<StatedKeys> keys = make();
  std::unique_ptr<dns::Resolver> resolver = zone(
      "example.com NS ns1.example.net\nexample.com NS ns2.example.net\nns1.example.net A 192.0.2.1\n"
      "ns2.example.net A 192.0.2.2\n");
  std::map<std::string, std::string> published{{"192.0.2.1", "x A 192.0.2.9\n"}, {"192.0.2.2", "x A 192.0.2.9\n"}};
  KeyWatch watch{*resolver,
                 [this](const IpAddress& server, const dns::Question& question) {
                   const auto there = zone(published[server.to_string()]);
                   return std::make_shared<const dns::Answer>(lookups_in(*there)->get(question));
                 },
                 clock, log};

  std::shared_ptr<StatedKeys> make() {
    return std::make_shared<StatedKeys>(StatedKeys::Parts{place, states}, propagation, 10, clock);
  }
  void publish(const std::string& server, const std::string& selector, const std::string& key) {
    published[server] += selector + "._domainkey.example.com TXT \"v=DKIM1; k=ed25519; p=" + key + "\"\n";
  }
  void put(const std::string& selector, const std::string& key) { place->put(named_key(selector, key, clock.wall())); }
  // The selectors that sign / that are pending, as a message sees it.
  std::string look() {
    const KeysFound found = keys->find("example.com", Deadline::in(5s));
    return selectors_of(found.keys) + " / " + selectors_of(found.pending);
  }
  // After a while, in which the watch worked.
  std::string after(std::chrono::seconds span) {
    clock.advance(span);
    watch.step(*keys);
    clock.advance(1s);
    return look();
  }
  KeyStateRow row(const std::string& selector) {
    const auto known = states->of("example.com", Deadline::in(5s));
    REQUIRE(known);
    for (const auto& one : known->rows)
      if (one.selector == selector) return one;
    return {};
  }
  std::string last_line() const { return log.lines.empty() ? "" : log.lines.back().text; }
};

}  // namespace

TEST_CASE("key watch: a first key signs once all servers have its record") {
  KeyHouse house;
  house.watch.step(*house.keys);
  house.clock.advance(2s);
  house.put("s1", "QUFB");
  CHECK(house.look() == " / s1");
  CHECK(house.after(1s) == " / s1");
  CHECK(house.row("s1").note == "ns1.example.net 192.0.2.1 missing, ns2.example.net 192.0.2.2 missing");
  house.publish("192.0.2.1", "s1", "QUFB");
  CHECK(house.after(6s) == " / s1");
  CHECK(house.last_line() ==
        "event=dkim-state key=s1._domainkey.example.com state=pending reason=\"ns2.example.net 192.0.2.2 missing\"");
  house.publish("192.0.2.2", "s1", "QkJC");
  CHECK(house.after(6s) == " / s1");  // another key's
  house.published["192.0.2.2"] = "";
  house.publish("192.0.2.2", "s1", "QUFB");
  CHECK(house.after(6s) == "s1 / ");
  CHECK(house.last_line() ==
        "event=dkim-state key=s1._domainkey.example.com state=active reason=\"its record is published\"");
  CHECK(house.watch.stats().looks == 4);
  house.published["192.0.2.2"] = "x A 192.0.2.9\n";
  CHECK(house.after(24h) == "s1 / ");  // it stays
}

TEST_CASE("key watch: the old key signs until the new one does, retires, and is removed") {
  KeyHouse house;
  house.put("s1", "QUFB");
  CHECK(house.look() == "s1 / ");  // there before states were
  house.clock.advance(1s);
  CHECK(house.after(1s) == "s1 / ");
  CHECK(house.row("s1").state == KeyState::active);
  house.put("s2", "QkJC");
  auto row = house.row("s1"), next = row;
  next.successor = "s2";
  next.overlap = 7 * 24h;
  CHECK(*house.states->change(row, next));
  CHECK_FALSE(*house.states->change(row, next));  // it is not that any more
  CHECK(house.after(1s) == "s1 / s2");
  for (const auto* server : {"192.0.2.1", "192.0.2.2"}) house.publish(server, "s2", "QkJC");
  CHECK(house.after(10s) == "s2 / ");
  CHECK(house.row("s1").state == KeyState::retiring);
  CHECK(house.after(6 * 24h) == "s2 / ");
  CHECK(house.place->keys.count("s1") == 1);
  CHECK(house.after(24h) == "s2 / ");
  CHECK(house.place->keys.count("s1") == 0);
  CHECK(house.row("s1").selector == "");
  CHECK(house.last_line() ==
        "event=dkim-state key=s1._domainkey.example.com state=removed reason=\"its record may be removed too\"");
}

TEST_CASE("key watch: a key whose successor was made active by one that ended then retires at the next look") {
  KeyHouse house;
  house.put("s1", "QUFB");
  house.look();
  house.after(1s);
  house.put("s2", "QkJC");
  house.look();
  house.after(1s);
  auto row = house.row("s1"), next = row;
  next.successor = "s2";
  next.overlap = 1h;
  REQUIRE(*house.states->change(row, next));
  const auto pending = house.row("s2");
  REQUIRE(*house.states->change(pending, now_active(pending, house.clock.wall())));
  house.keys = house.make();       // a new process
  CHECK(house.look() == "s2 / ");  // one of them signs, before anything is written
  CHECK(house.row("s1").state == KeyState::active);
  CHECK(house.after(1s) == "s2 / ");
  CHECK(house.row("s1").state == KeyState::retiring);
  CHECK(house.row("s1").next == house.row("s1").since + 1h);
  CHECK(house.watch.stats().retired == 1);
  CHECK(house.last_line() ==
        "event=dkim-state key=s1._domainkey.example.com state=retiring reason=\"s2 signs instead; leave its record "
        "published until it is removed\"");
  CHECK(house.after(1h) == "s2 / ");
  CHECK(house.place->keys.count("s1") == 0);
  CHECK(house.watch.stats().retired == 1);
}

TEST_CASE("key watch: a key that retired signs if nothing else does, and is not removed then") {
  KeyHouse house;
  house.put("s1", "QUFB");
  house.look();
  house.after(1s);
  const auto row = house.row("s1");
  CHECK(*house.states->change(row, now_retiring(row, 1h, house.clock.wall())));
  CHECK(house.after(2h) == "s1 / ");
  CHECK(house.place->keys.count("s1") == 1);
  CHECK(house.last_line() ==
        "event=dkim-state key=s1._domainkey.example.com state=retiring reason=\"cannot be removed: it is the only key "
        "that signs for its domain\"");
}

TEST_CASE("key watch: without propagation a key is active at once") {
  KeyHouse house;
  house.propagation = false;
  house.keys = house.make();
  house.watch.step(*house.keys);
  house.clock.advance(2s);
  house.put("s1", "QUFB");
  CHECK(house.look() == "s1 / ");
  CHECK(house.after(1s) == "s1 / ");
  CHECK(house.row("s1").state == KeyState::active);
  CHECK(house.watch.stats().looks == 0);
}

TEST_CASE("key watch: a key that was taken away or replaced before it was active") {
  KeyHouse house;
  house.watch.step(*house.keys);
  house.clock.advance(2s);
  house.put("s1", "QUFB");
  house.look();
  house.after(1s);
  house.put("s1", "QkJC");
  house.after(10s);
  CHECK(house.row("s1").key == "QkJC");
  CHECK(house.row("s1").looks == 0);
  house.place->keys.clear();
  house.place->troubles = {"it cannot be read"};
  house.after(10s);
  CHECK(house.row("s1").note == "the key cannot be read");
  house.place->troubles.clear();
  house.after(1h);
  CHECK(house.row("s1").selector == "");
}

TEST_CASE("key watch: a stop in the middle of a look leaves the key pending") {
  KeyHouse house;
  house.watch.step(*house.keys);
  house.clock.advance(2s);
  house.put("s1", "QUFB");
  house.look();
  int asked = 0;
  KeyWatch* under_way = nullptr;
  const auto stops = [&](const IpAddress&, const dns::Question& question) {
    ++asked;
    under_way->stop();
    const auto there = zone("s1._domainkey.example.com TXT \"v=DKIM1; k=ed25519; p=QUFB\"\n");
    return std::make_shared<const dns::Answer>(lookups_in(*there)->get(question));
  };
  KeyWatch watch(*house.resolver, stops, house.clock, house.log);
  under_way = &watch;
  watch.step(*house.keys);
  CHECK(asked == 1);
  CHECK(house.row("s1").state == KeyState::pending);
  CHECK(house.row("s1").looks == 0);
}

TEST_CASE("key watch: a damaged file is one line in the log, and stops no key") {
  KeyHouse house;
  house.put("s1", "QUFB");
  house.look();
  house.after(1s);
  house.put("s2", "QkJC");
  CHECK(house.after(1s) == "s1 / s2");
  const auto lines = house.log.lines.size();
  std::filesystem::remove(house.dir / "states");
  write_file(house.dir / "states", std::string(5000, 'x'));
  CHECK(house.after(1s) == "s1 / s2");  // as it was known
  CHECK(house.after(10s) == "s1 / s2");
  CHECK(house.log.lines.size() == lines + 1);
  CHECK(house.last_line().starts_with("event=dkim-states-failed reason=\"" + house.dir.path() +
                                      "/states: file is not a database\""));
  house.keys = house.make();  // after a restart nothing is known
  CHECK(house.look() == "s1 s2 / ");
  std::filesystem::remove(house.dir / "states");
  CHECK(house.after(10s) == "s1 s2 / ");
  CHECK(house.last_line() == "event=dkim-states-usable");
}
