// SPDX-License-Identifier: BSD-2-Clause
// The whole DNS side against a real name server: c-ares, cache, lookups, checks.
#include <doctest/doctest.h>

#include <atomic>
#include <future>

#include "adapter/dns/caching_resolver.h"
#include "ask.h"
#include "check/helo.h"
#include "check/iprev.h"
#include "check/sender_domain.h"
#include "crafted_server.h"
#include "fixture/dns_packet.h"
#include "knot.h"
#include "port/lookups.h"

using namespace mailweir;
using namespace mailweir::test;
using namespace std::chrono_literals;
using dns::Type;

namespace {

std::string zone_file() {
  std::string text = R"($ORIGIN example.
$TTL 300
@         SOA ns root 1 3600 600 86400 45
@         NS  ns
ns        A   127.0.0.1
ready     A   192.0.2.1
mx        A   192.0.2.7
          AAAA 2001:db8::7
good   60 MX  10 mx
null      MX  0 .
alias  20 CNAME mx
away      CNAME elsewhere.test.
loop1     CNAME loop2
loop2     CNAME loop1
ghost     MX  10 nowhere
text      TXT "v=spf1 " "-all"
sub       NS  ns.sub
ns.sub    A   127.0.0.1
broken    MX  10 host.missing
xn--bcher-kva A 192.0.2.8
odd       PTR a\000b\.c.example.
*.wild    A   192.0.2.9
)";
  for (int i = 0; i < 30; ++i) text += "long TXT \"" + std::to_string(i) + std::string(100, 'x') + "\"\n";
  for (int i = 0; i < 240; ++i) text += "huge TXT \"" + std::to_string(1000 + i) + std::string(236, 'y') + "\"\n";
  for (int i = 0; i < 1000; ++i) text += "many MX " + std::to_string(i) + " m" + std::to_string(i) + "\n";
  return text;
}

const Knot& knot() {
  static const Knot server(zone_file());
  return server;
}

}  // namespace

TEST_CASE("knot: each kind of answer") {
  struct Row {
    const char* name;
    Type type;
    const char* want;
    int ttl;
  };
  const Row rows[] = {
      {"mx.example", Type::A, "ok 192.0.2.7", 300},
      {"mx.example", Type::AAAA, "ok 2001:db8::7", 300},
      {"good.example", Type::MX, "ok 10:mx.example", 60},
      {"null.example", Type::MX, "ok 0:.", 300},
      {"alias.example", Type::A, "ok 192.0.2.7", 20},
      {"alias.example", Type::CNAME, "ok mx.example", 20},
      {"text.example", Type::TXT, "ok v=spf1 -all", 300},
      {"any.wild.example", Type::A, "ok 192.0.2.9", 300},
      {"odd.example", Type::PTR, "ok a\\000b\\.c.example", 300},
      {"xn--bcher-kva.example", Type::A, "ok 192.0.2.8", 300},
      {"nowhere.example", Type::A, "nxdomain", 45},  // the SOA's minimum
      {"text.example", Type::A, "nodata", 45},
      {"host.missing.example", Type::A, "temperror SERVFAIL", 0},
      {"other.test", Type::A, "temperror REFUSED", 0},
      {"host.sub.example", Type::A, "temperror the server sent a referral: it does not resolve for us", 0},
      {"away.example", Type::A, "temperror REFUSED", 0},
      {"secret.onion", Type::A, "nxdomain", 0},  // RFC 7686
      {"a..b", Type::A, "nxdomain", 0},
  };
  const auto resolver = resolver_at({knot().server()});
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CAPTURE(to_string(row.type));
    const auto answer = ask(*resolver, {row.name, row.type}, 5s);
    CHECK(shown(*answer) == row.want);
    CHECK(answer->ttl.count() == row.ttl);
  }
  CHECK(ask(*resolver, {"loop1.example", Type::A}, 5s)->status == dns::Answer::Status::temperror);
}

TEST_CASE("knot: long answers come whole, over TCP") {
  const auto resolver = resolver_at({knot().server()});
  const auto text_size = [&](const char* name) {
    const auto answer = ask(*resolver, {name, Type::TXT}, 5s);
    std::size_t size = 0;
    for (const auto& each : answer->records) size += each.text.size();
    return size;
  };
  CHECK(text_size("long.example") == 30 * 100 + 10 + 20 * 2);
  CHECK(text_size("huge.example") == 240 * 240);
  const auto many = ask(*resolver, {"many.example", Type::MX}, 5s);
  CHECK(many->records.size() == 500);
  CHECK(many->detail == "more than 500 records, the rest left out");
}

TEST_CASE("knot: checks through the cache") {
  const SystemClock clock;
  const auto resolver = make_caching_resolver(resolver_at({knot().server()}), clock);
  struct Row {
    const char* name;
    DomainStatus want;
  };
  using enum DomainStatus;
  const Row rows[] = {{"good.example", exists},        {"null.example", null_mx},     {"nowhere.example", nxdomain},
                      {"ghost.example", no_mail_host}, {"broken.example", temperror}, {"text.example", no_mail_host},
                      {"many.example", no_mail_host},  {"mx.example", exists}};
  for (int round = 0; round < 2; ++round)
    for (const auto& row : rows) {
      CAPTURE(row.name);
      const auto lookups = Lookups::make(*resolver, Deadline::in(5s));
      CHECK(to_string(sender_domain_dns(*lookups, row.name).status) == to_string(row.want));
      for (const auto& each : lookups->trace()) CHECK((each.cached || round == 0));
    }
  const auto lookups = Lookups::make(*resolver, Deadline::in(5s));
  CHECK(helo_dns(*lookups,
                 "B\xc3\xbc"
                 "cher.Example.")
            .status == exists);
  CHECK(iprev(*lookups, *IpAddress::parse("192.0.2.7")).word == AuthWord::temperror);  // in-addr.arpa is refused here
  CHECK(resolver->stats().hits > 8);
}

TEST_CASE("knot: two thousand questions at once") {
  const auto resolver = resolver_at({knot().server()});
  constexpr int questions = 2'000;
  std::atomic<int> good{0}, told{0};
  std::promise<void> all;
  for (int i = 0; i < questions; ++i) {
    const auto at_hand = resolver->ask({"n" + std::to_string(i) + ".wild.example", Type::A}, Deadline::in(10s),
                                       [&](dns::AnswerPtr answer) {
                                         good += answer->status == dns::Answer::Status::ok;
                                         if (++told == questions) all.set_value();
                                       });
    CHECK_FALSE(at_hand);
  }
  REQUIRE(all.get_future().wait_for(15s) == std::future_status::ready);
  CHECK(good == questions);
}

TEST_CASE("a silent, a refusing, a closed server: the next one is asked") {
  CraftedServer silent([](std::string_view) { return std::vector<std::string>(); });
  CraftedServer refusing([](std::string_view query) {
    return std::vector{Reply{refused, {}, {}, {}}.to_query(query)};
  });
  const ClosedPort closed;
  for (const auto& first : {silent.server(), refusing.server(), closed.server()}) {
    CAPTURE(first);
    const auto resolver = resolver_at({first, knot().server()});
    CHECK(shown(*ask(*resolver, {"mx.example", Type::A}, 5s)) == "ok 192.0.2.7");
  }
  const auto none = resolver_at({refusing.server(), closed.server()});
  CHECK(shown(*ask(*none, {"mx.example", Type::A}, 5s)) ==
        "temperror no server answered: unreachable, SERVFAIL or REFUSED");
}

TEST_CASE("a silent server: temperror at the deadline, not before") {
  CraftedServer silent([](std::string_view) { return std::vector<std::string>(); });
  const auto resolver = resolver_at({silent.server()});
  for (const auto patience : {120ms, 200ms}) {
    CAPTURE(patience.count());
    const auto before = std::chrono::steady_clock::now();
    const auto answer = ask(*resolver, {"mx.example", Type::A}, patience);
    CHECK(shown(*answer) == "temperror timeout");
    CHECK(Deadline(before + patience).over());
  }
  CHECK(silent.asked() >= 3);  // it was asked again after 50 ms

  // The waiting check has the same deadline, and the resolver may end while questions are under way.
  const auto lookups = Lookups::make(*resolver, Deadline::in(100ms));
  CHECK(sender_domain_dns(*lookups, "good.example").status == DomainStatus::temperror);
  Lookups::make(*resolver, Deadline::in(10s))->want({"mx.example", Type::A});
}

TEST_CASE("hostile packets") {
  const auto address = record(asked, 1, 60, std::string("\xc0\x00\x02\x01", 4));
  const auto forged = record(asked, 1, 60, std::string("\x06\x06\x06\x06", 4));
  const auto true_answer = [&](std::string_view query) { return Reply().answer(address).to_query(query); };
  struct Row {
    const char* label;
    CraftedServer::Answers answers;
    const char* want;
  };
  const Row rows[] = {
      {"another id first",
       [&](std::string_view query) {
         auto other = Reply().answer(forged).to_query(query);
         other[0] = static_cast<char>(other[0] ^ 1);
         return std::vector{other, true_answer(query)};
       },
       "ok 192.0.2.1"},
      {"another question first",
       [&](std::string_view query) {
         const auto other =
             Reply().answer(forged).bytes(std::string(query.substr(0, 2)), name("evil.example") + u16(1) + u16(1));
         return std::vector{other, true_answer(query)};
       },
       "ok 192.0.2.1"},
      {"garbage first",
       [&](std::string_view query) {
         return std::vector{std::string(), std::string("x"), std::string(query.substr(0, 12)),
                            std::string(4000, '\xff'), true_answer(query)};
       },
       "ok 192.0.2.1"},
      {"an answer cut short",
       [&](std::string_view query) {
         auto cut = true_answer(query);
         cut.resize(cut.size() - 2);
         return std::vector{cut};
       },
       "temperror malformed answer"},
      {"truncated, and TCP is closed",
       [&](std::string_view query) {
         return std::vector{Reply{recursion | truncated, {}, {}, {}}.to_query(query)};
       },
       "temperror the answer is truncated, and no server accepted the query over TCP"},
      {"our own query", [&](std::string_view query) { return std::vector{std::string(query)}; },
       "temperror malformed answer"},
      {"a cname loop",
       [&](std::string_view query) { return std::vector{Reply().answer(record(asked, 5, 60, asked)).to_query(query)}; },
       "temperror CNAME loop, or more than 16 in a row"},
      {"an alias alone, followed",
       [&](std::string_view query) {
         const bool first = query.find("host") != query.npos;
         return std::vector{
             first ? Reply{authoritative, {}, {}, {}}.answer(record(asked, 5, 60, name("t.test"))).to_query(query)
                   : true_answer(query)};
       },
       "ok 192.0.2.1"},
      {"an alias alone, from a resolver",
       [&](std::string_view query) {
         const bool first = query.find("host") != query.npos;
         return std::vector{first ? Reply().answer(record(asked, 5, 60, name("t.test"))).to_query(query)
                                  : true_answer(query)};
       },
       "ok 192.0.2.1"},
      {"an alias alone, to what is not there",
       [&](std::string_view query) {
         const bool first = query.find("host") != query.npos;
         return std::vector{(first ? Reply().answer(record(asked, 5, 60, name("t.test")))
                                   : Reply{recursion | no_such_name, {}, {}, {}})
                                .to_query(query)};
       },
       "nxdomain"},
      {"an alias alone, to itself",
       [&](std::string_view query) {
         return std::vector{Reply().answer(record(asked, 5, 60, name("host.example"))).to_query(query)};
       },
       "temperror CNAME loop, or more than 16 in a row"},
      {"two aliases that are each alone, in a ring",
       [&](std::string_view query) {
         const bool first = query.find("host") != query.npos;
         return std::vector{
             Reply().answer(record(asked, 5, 60, name(first ? "t.test" : "host.example"))).to_query(query)};
       },
       "temperror CNAME loop, or more than 16 in a row"},
      {"does not know EDNS",
       [&](std::string_view query) {
         const bool edns = query.size() > 11 && query[11] != 0;
         return std::vector{edns ? Reply{format_error, {}, {}, {}}.to_query(query) : true_answer(query)};
       },
       "ok 192.0.2.1"},
      {"answers ten times", [&](std::string_view query) { return std::vector<std::string>(10, true_answer(query)); },
       "ok 192.0.2.1"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    CraftedServer server(row.answers);
    const auto resolver = resolver_at({server.server()});
    CHECK(shown(*ask(*resolver, {"host.example", Type::A}, 3s)) == row.want);
  }
}

TEST_CASE("servers are addresses with ports") {
  struct Row {
    const char* in;
    const char* want;  // nullptr: good
  };
  const Row rows[] = {
      {"192.0.2.53", nullptr},
      {"127.0.0.1:5353", nullptr},
      {"::1", nullptr},
      {"[::1]", nullptr},
      {"[::1]:5353", nullptr},
      {"dns.example", "not an IP address (a name cannot be looked up here)"},
      {"127.0.0.1:0", "the port must be 1 to 65535"},
      {"127.0.0.1:dns", "the port must be 1 to 65535"},
      {"127.0.0.1:70000", "the port must be 1 to 65535"},
      {"[::1", "the ] is missing"},
      {"[::1]x", "what follows the ] is not a port"},
      {"", "not an IP address (a name cannot be looked up here)"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    AresConfig config;
    config.servers = {row.in};
    const auto made = make_ares_resolver(config);
    CHECK(static_cast<bool>(made) == (row.want == nullptr));
    if (!made && row.want)
      CHECK(made.error().what == "DNS server \"" + std::string(row.in) + "\": " + row.want +
                                     "; write an address, ADDRESS:PORT or [IPv6 ADDRESS]:PORT");
  }
  CHECK(make_ares_resolver({}));  // the system's
}

TEST_CASE("too many questions under way are refused at once") {
  CraftedServer silent([](std::string_view) { return std::vector<std::string>(); });
  AresConfig config;
  config.servers = {silent.server()};
  config.most_under_way = 100;
  auto resolver = make_ares_resolver(config);
  REQUIRE(resolver);
  std::atomic<int> told{0};
  int refusals = 0;
  for (int i = 0; i < 150; ++i)
    if (const auto at_once = (*resolver)->ask({"n" + std::to_string(i) + ".example", Type::A}, Deadline::in(5s),
                                              [&](dns::AnswerPtr) { ++told; })) {
      ++refusals;
      CHECK(at_once->detail == "too many DNS queries in progress");
    }
  CHECK(refusals == 50);
  (*resolver).reset();  // ends, and tells all that still wait
  CHECK(told == 100);
}
