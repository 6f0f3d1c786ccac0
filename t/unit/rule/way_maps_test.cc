// SPDX-License-Identifier: BSD-2-Clause
// The maps of the ways out: which entry answers which lookup.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "adapter/builders/make_builders.h"
#include "rule/way_maps.h"

using namespace mailweir;

namespace {

WayAddresses of(std::vector<std::string> entries) { return {entries, entries, {}}; }

NamedRoute route(std::vector<std::string> senders, std::string postfix, std::string sendmail = {}) {
  NamedRoute made;
  made.senders = of(std::move(senders));
  if (!postfix.empty()) made.postfix = {std::move(postfix)};
  made.sendmail = std::move(sendmail);
  return made;
}

RelayHop relay(std::vector<std::string> senders, std::vector<std::string> recipients, std::string host) {
  RelayHop made;
  made.senders = of(std::move(senders));
  made.recipients = of(std::move(recipients));
  made.host = std::move(host);
  return made;
}

RelayHop with_login(RelayHop made, std::string user) {
  made.tls = "encrypt";
  made.user = std::move(user);
  made.password = "secret";
  return made;
}

struct Row {
  WayMap map;
  std::string key, want;
};

void check(const WaysOut& ways, const std::vector<Row>& rows) {
  const WayMaps maps(ways);
  for (const auto& row : rows) {
    CAPTURE(static_cast<int>(row.map));
    CAPTURE(row.key);
    CHECK(maps.find(row.map, row.key) == row.want);
  }
}

std::vector<std::string> keys_of(std::string_view text, bool is_hop) {
  std::vector<std::string> keys;
  const auto visit = [&](std::string_view key) {
    keys.emplace_back(key);
    return false;
  };
  if (is_hop) each_next_hop_key(text, visit);
  else each_address_key(text, {}, visit);
  return keys;
}

}  // namespace

TEST_CASE("way keys: the most specific first") {
  struct Keys {
    std::string in;
    std::vector<std::string> want;
    bool is_hop = false;
  };
  const Keys rows[] = {
      {"A.User+x@Mail.Example.COM",
       {"a.user+x@mail.example.com", "a.user@mail.example.com", "a.user+x@", "a.user@", "mail.example.com",
        ".example.com", ".com", "*"}},
      {"a@example.com", {"a@example.com", "a@", "example.com", ".com", "*"}},
      {"<a@example.com>", {"a@example.com", "a@", "example.com", ".com", "*"}},
      {"\"odd one\"@example.com", {"odd one@example.com", "odd one@", "example.com", ".com", "*"}},
      {"a@b\xc3\xbc"
       "cher.example",
       {"a@xn--bcher-kva.example", "a@", "xn--bcher-kva.example", ".example", "*"}},
      {"@Example.com", {"example.com", ".com", "*"}},
      {"example.com", {"example.com", ".com", "*"}},
      {".example.com", {".example.com", ".com", "*"}},
      {"root", {"root", "*"}},
      {"", {}},
      {"<>", {}},
      {"\"<>\"", {}},
      {std::string(1001, 'a') + "@example.com", {}},
      {"Example.com", {"example.com", ".com", "*"}, true},
      {"example.com:587", {"example.com:587", "example.com", ".com", "*"}, true},
      {"[GW.example.org]:587", {"[gw.example.org]:587", "*"}, true},
      {".example.com", {".example.com", ".com", "*"}, true},
      {"", {}, true},
      {"<>", {}, true},
      {"\"<>\"", {}, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(keys_of(row.in, row.is_hop) == row.want);
  }
}

TEST_CASE("way maps: by sender the most specific entry of all routes answers") {
  WaysOut ways;
  ways.routes = {route({"example.com", ".example.com"}, "smtp-1:"),
                 route({"boss@example.com", "news.example.com", "example.com", "abuse@"}, "smtp-2:", "mw2"),
                 route({"vip@example.org"}, "", "mw3"), route({"*"}, "smtp-4:[gw.example.org]:25")};
  check(ways, {
                  {WayMap::transport, "a@example.com", "smtp-1:"},  // two have it: the first
                  {WayMap::transport, "boss+x@Example.com", "smtp-2:"},
                  {WayMap::transport, "a@news.example.com", "smtp-2:"},
                  {WayMap::transport, "a@old.news.example.com", "smtp-1:"},
                  {WayMap::transport, "abuse@example.com", "smtp-2:"},
                  {WayMap::transport, "vip@example.org", "smtp-4:[gw.example.org]:25"},
                  {WayMap::transport, "@example.com", "smtp-1:"},
                  {WayMap::transport, "<>", ""},
                  {WayMap::transport, "\"<>\"", ""},
                  {WayMap::transport, "", ""},
                  {WayMap::mailer, "<a@example.com>", "mw2"},
                  {WayMap::mailer, "vip@example.org", "mw3"},
                  {WayMap::mailer, "a@example.net", ""},
                  {WayMap::tls, "example.com", ""},
              });
}

TEST_CASE("way maps: of relays the first in the file answers") {
  WaysOut ways;
  ways.relays = {relay({"example.com"}, {}, "direct"), relay({}, {"partner.example", ".partner.example"}, "direct"),
                 relay({}, {"x@partner.example", "other.example"}, "[in.example.org]:2525"),
                 relay({"a@example.com", "*"}, {}, "[gw.example.org]:587")};
  check(ways, {
                  {WayMap::relay, "a@example.com", "DUNNO"},
                  {WayMap::relay, "a@example.net", "[gw.example.org]:587"},
                  {WayMap::relay, "<>", ""},
                  {WayMap::relay, "", ""},
                  {WayMap::relay_recipient, "x@partner.example", ":partner.example"},
                  {WayMap::relay_recipient, "x@Sub.Partner.example", ":sub.partner.example"},
                  {WayMap::relay_recipient, "partner.example", ":partner.example"},
                  {WayMap::relay_recipient, "x+y@other.example", ":[in.example.org]:2525"},
                  {WayMap::relay_recipient, "x@example.com", ""},
                  {WayMap::relay_recipient, "*", ""},
                  {WayMap::login, "a@example.com", ""},
              });
}

TEST_CASE("way maps: relaying in takes known recipients of its domains only, and no subdomains") {
  WaysOut ways;
  ways.relays = {relay({}, {"asked.example"}, "[10.0.0.1]:25"), relay({}, {"listed.example"}, "[10.0.0.2]:25"),
                 relay({}, {"out.example"}, "[10.0.0.3]:25")};
  ways.relays[0].accept = RelayAccept::verify;
  ways.relays[1].accept = RelayAccept::listed;
  const SystemClock clock;
  ways.relays[1].accepted =
      make_builders(clock).make_table({{"ann@listed.example", ""}, {"listed.example", ""}}, TableKind::list).object;
  check(ways, {
                  {WayMap::relay_domain, "Asked.example", "relay"},
                  {WayMap::relay_domain, "listed.example", "relay"},
                  {WayMap::relay_domain, "sub.listed.example", ""},
                  {WayMap::relay_domain, "out.example", ""},
                  {WayMap::relay_domain, "x@asked.example", ""},
                  {WayMap::relay_domain, "", ""},
                  {WayMap::accept, "x@asked.example", "reject_unverified_recipient"},
                  {WayMap::accept, "asked.example", "reject_unverified_recipient"},
                  {WayMap::accept, "Ann+x@Listed.example", "DUNNO"},
                  {WayMap::accept, "eve@listed.example", "550 5.1.1 User unknown"},
                  {WayMap::accept, "listed.example", "550 5.1.1 User unknown"},
                  {WayMap::accept, "ann@sub.listed.example", ""},
                  {WayMap::accept, "x@out.example", ""},
                  {WayMap::accept, "ann@", ""},
                  {WayMap::accept, "<>", ""},
              });
}

TEST_CASE("way maps: the route of a sender, by which its addresses are known") {
  WaysOut ways;
  ways.routes = {route({"a.example", "hop@b.example"}, "smtp-a:"), route({"c.example"}, "", "mailer-c"),
                 route({"*"}, "")};
  ways.routes[0].name = "a";
  ways.routes[1].name = "c";
  ways.routes[2].name = "addresses-only";
  ways.relays = {relay({"x@a.example"}, {}, "direct"),
                 relay({"b.example", "x@a.example"}, {"a.example"}, "[gw.example]")};
  struct RouteRow {
    std::string sender, want;  // "-": another server
  };
  const RouteRow rows[] = {{"y@a.example", "a"}, {"x@a.example", "a"}, {"hop@b.example", "-"},
                           {"y@c.example", "c"}, {"z@d.example", ""},  {"", ""}};
  const WayMaps maps(ways);
  for (const auto& row : rows) {
    CAPTURE(row.sender);
    CHECK(std::string(maps.route_of(row.sender).value_or("-")) == row.want);
  }
}

TEST_CASE("way maps: TLS by next hop") {
  WaysOut ways;
  ways.tls = {{"partner.example", "secure"}, {".gov.example", "encrypt"}, {"*", "may"}, {"[10.0.0.1]:25", "none"}};
  ways.relays = {with_login(relay({"a.example"}, {}, "[GW.example.org]:587"), "relay")};
  check(ways, {
                  {WayMap::tls, "Partner.Example", "secure"},
                  {WayMap::tls, "partner.example:25", "secure"},
                  {WayMap::tls, "sub.partner.example", "may"},
                  {WayMap::tls, "a.b.gov.example", "encrypt"},
                  {WayMap::tls, ".gov.example", "encrypt"},
                  {WayMap::tls, "gov.example", "may"},
                  {WayMap::tls, "[10.0.0.1]:25", "none"},
                  {WayMap::tls, "[10.0.0.1]", "may"},
                  {WayMap::tls, "[gw.example.org]:587", "encrypt"},
                  {WayMap::tls, "", ""},
                  {WayMap::tls, "<>", ""},
              });
}

TEST_CASE("way maps: a login is told for its host; by the sender only where two share a host") {
  const std::string host = "[gw.example.org]:587";
  WaysOut ways;
  ways.relays = {with_login(relay({"a.example"}, {}, host), "relay")};
  check(ways, {
                  {WayMap::login, "[GW.example.org]:587", "relay:secret"},
                  {WayMap::login, "gw.example.org", ""},
                  {WayMap::login, "[gw.example.org]:25", ""},
                  {WayMap::login, "x@a.example", ""},
                  {WayMap::login, "*", ""},
                  {WayMap::login, "", ""},
              });
  ways.relays.push_back(with_login(relay({"b.example"}, {}, host), "other"));
  ways.relays.push_back(with_login(relay({"*"}, {}, host), "rest"));
  check(ways, {
                  {WayMap::login, "x@a.example", "relay:secret"},
                  {WayMap::login, "x@b.example", "other:secret"},
                  {WayMap::login, "x@c.example", "rest:secret"},
                  {WayMap::login, host, "rest:secret"},  // of bounces
              });
}
