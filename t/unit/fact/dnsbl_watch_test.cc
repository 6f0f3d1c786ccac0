// SPDX-License-Identifier: BSD-2-Clause
// DnsblWatch: a zone counts when it is proved, is off when it lies or has trouble, and comes back by itself; each
// change is one line.
#include <doctest/doctest.h>

#include "../fixture/dns_fixture.h"
#include "../fixture/engine_fixture.h"
#include "fact/dnsbl_watch.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view good = "2.0.0.127.bl.example A 127.0.0.2\n";
constexpr std::string_view all_listed = "*.bl.example A 127.0.0.2\n";
constexpr std::string_view broken = "*.bl.example SERVFAIL\n";

// Answers from another zone when it is told to.
class Changing final : public dns::Resolver {
 public:
  dns::AnswerPtr ask(const dns::Question& question, Deadline deadline,
                     std::function<void(dns::AnswerPtr)> done) override {
    ++asked;
    return zone->ask(question, deadline, std::move(done));
  }
  std::unique_ptr<dns::Resolver> zone = test::zone(good);
  int asked = 0;
};

struct Bed {
  Bed() : watch(resolver, log, [this](const std::string& zone) { recovered.push_back(zone); }) {
    Dnsbl list;
    list.name = "bl";
    list.zone = "bl.example";
    lists.push_back(list);
  }
  void step(std::chrono::nanoseconds later = {}) {
    clock.advance(later);
    watch.step(lists, clock.steady(), clock.wall());
  }
  DnsblPhase phase() const {
    return lists[0].state->told.with([](const DnsblState::Told& told) { return told.phase; });
  }
  ManualClock clock;
  test::LineLog log;
  Changing resolver;
  std::vector<std::string> recovered;
  std::vector<Dnsbl> lists;
  DnsblWatch watch;
};

TEST_CASE("dnsbl watch: proved once, then every hour") {
  Bed bed;
  CHECK_FALSE(bed.lists[0].state->ipv4);
  bed.step();
  CHECK(bed.phase() == DnsblPhase::on);
  CHECK(bed.lists[0].state->ipv4);
  CHECK_FALSE(bed.lists[0].state->ipv6);
  CHECK(bed.resolver.asked == 4);
  REQUIRE(bed.log.of("dnsbl-on").size() == 1);
  CHECK(bed.log.of("dnsbl-on")[0].find("serves=IPv4") != std::string::npos);
  bed.step(minutes(59));
  CHECK(bed.resolver.asked == 4);
  bed.step(minutes(2));
  CHECK(bed.resolver.asked == 8);
  CHECK(bed.log.lines.size() == 1);
  CHECK(bed.recovered.empty());
}

TEST_CASE("dnsbl watch: off when it lies, and back by itself") {
  Bed bed;
  bed.step();
  bed.resolver.zone = test::zone(all_listed);
  bed.step(hours(1) + seconds(1));
  CHECK(bed.phase() == DnsblPhase::lies);
  CHECK_FALSE(bed.lists[0].state->ipv4);
  REQUIRE(bed.log.of("dnsbl-off").size() == 1);
  CHECK(bed.log.of("dnsbl-off")[0].find("state=lies") != std::string::npos);
  // Tried again soon, and less often the longer it lasts; not one more line.
  const int before = bed.resolver.asked;
  for (int i = 0; i < 60; ++i) bed.step(minutes(1));
  const int tries = (bed.resolver.asked - before) / 4;
  CHECK(tries >= 8);
  CHECK(tries <= 14);
  CHECK(bed.log.of("dnsbl-off").size() == 1);
  bed.resolver.zone = test::zone(good);
  bed.step(minutes(10));
  CHECK(bed.phase() == DnsblPhase::on);
  CHECK(bed.lists[0].state->ipv4);
  REQUIRE(bed.log.of("dnsbl-on").size() == 2);
  CHECK(bed.log.of("dnsbl-on")[1].find("off_for=") != std::string::npos);
  CHECK(bed.recovered == std::vector<std::string>{"bl.example"});
}

TEST_CASE("dnsbl watch: trouble is told as such") {
  Bed bed;
  bed.resolver.zone = test::zone(broken);
  bed.step();
  CHECK(bed.phase() == DnsblPhase::trouble);
  REQUIRE(bed.log.of("dnsbl-off").size() == 1);
  CHECK(bed.log.of("dnsbl-off")[0].find("state=trouble") != std::string::npos);
  CHECK(bed.log.of("dnsbl-off")[0].find("SERVFAIL") != std::string::npos);
  bed.resolver.zone = test::zone(all_listed);  // from trouble to lies is a change, too
  bed.step(seconds(16));
  CHECK(bed.phase() == DnsblPhase::lies);
  CHECK(bed.log.of("dnsbl-off").size() == 2);
}

TEST_CASE("dnsbl watch: many listings in a row make it look at once") {
  Bed bed;
  bed.step();
  bed.resolver.zone = test::zone(all_listed);
  bed.lists[0].state->listed_in_a_row = DnsblWatch::suspicious - 1;
  bed.step(minutes(1));
  CHECK(bed.phase() == DnsblPhase::on);
  bed.lists[0].state->listed_in_a_row = DnsblWatch::suspicious;
  bed.step(minutes(1));
  CHECK(bed.phase() == DnsblPhase::lies);
}

TEST_CASE("dnsbl watch: errors of answers are one line a minute") {
  Bed bed;
  bed.step();
  for (int i = 0; i < 100; ++i) bed.lists[0].state->note_error("7.2.0.192.bl.example: SERVFAIL");
  bed.step();
  for (int i = 0; i < 50; ++i) bed.lists[0].state->note_error("8.2.0.192.bl.example: SERVFAIL");
  bed.step(seconds(30));
  REQUIRE(bed.log.of("dnsbl-errors").size() == 1);
  CHECK(bed.log.of("dnsbl-errors")[0].find("count=100") != std::string::npos);
  bed.step(seconds(31));
  REQUIRE(bed.log.of("dnsbl-errors").size() == 2);
  CHECK(bed.log.of("dnsbl-errors")[1].find("count=50") != std::string::npos);
}

TEST_CASE("dnsbl watch: a reload keeps what is known of the same zone") {
  Bed bed;
  bed.step();
  std::vector<Dnsbl> after(2);
  after[0].name = "bl";
  after[0].zone = "bl.example";
  after[1].name = "other";
  after[1].zone = "bl.example";
  keep_dnsbl_states(bed.lists, after);
  CHECK(after[0].state->ipv4);
  CHECK_FALSE(after[1].state->ipv4);
}

TEST_CASE(
    "dnsbl watch: a reload has each zone proved again, whatever it was known for, and says nothing if that stays so") {
  Bed bed;
  bed.step();
  const auto told = bed.log.of("dnsbl-on").size() + bed.log.of("dnsbl-off").size();
  const auto asked = bed.resolver.asked;
  bed.step();
  CHECK(bed.resolver.asked == asked);  // it is good for an hour
  auto after = bed.lists;
  keep_dnsbl_states(bed.lists, after);
  bed.lists = after;
  bed.step();
  CHECK(bed.resolver.asked > asked);
  CHECK(bed.log.of("dnsbl-on").size() + bed.log.of("dnsbl-off").size() == told);
}

}  // namespace
}  // namespace mailweir
