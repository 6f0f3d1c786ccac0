// SPDX-License-Identifier: BSD-2-Clause
// The ways out as static tables, and as lines of main.cf and master.cf.
#include <doctest/doctest.h>

#include <string>

#include "ctl/way_files.h"

using namespace mailweir;

namespace {

NamedRoute route(std::vector<std::string> senders, std::string postfix) {
  NamedRoute made;
  made.senders = {senders, senders, {}};
  if (!postfix.empty()) made.postfix = {std::move(postfix)};
  return made;
}

}  // namespace

TEST_CASE("way files: without wildcards all keys are for postmap") {
  WaysOut ways;
  ways.routes = {route({"a@example.com", "example.com"}, "smtp-1:")};
  const auto files = way_files(WayMaps(ways), WayMap::transport);
  CHECK(files.plain == "a@example.com smtp-1:\n@example.com smtp-1:\n");
  CHECK(files.regexp == "");
}

TEST_CASE("way files: with wildcards domains stand before them in the same table") {
  WaysOut ways;
  ways.routes = {route({"a@example.com", "example.com", "b+c@"}, "smtp-1:"),
                 route({".com", ".example.com", "*"}, "smtp-2:")};
  const auto files = way_files(WayMaps(ways), WayMap::transport);
  CHECK(files.plain == "a@example.com smtp-1:\n");
  CHECK(files.regexp ==
        "/^b\\+c([+][^@]*)?@(.*)$/ smtp-1:\n/@(example\\.com)$/ smtp-1:\n/@(.+\\.example\\.com)$/ smtp-2:\n"
        "/@(.+\\.com)$/ smtp-2:\n/@(.*)$/ smtp-2:\n");
}

TEST_CASE("way files: relays in the order of the file; their own domain where the way is direct") {
  WaysOut ways;
  RelayHop direct, other;
  direct.host = "direct";
  direct.recipients.entries = {"partner.example", ".gov.example"};
  other.host = "[gw.example.org]:25";
  other.recipients.entries = {"x@partner.example", "x@other.example"};
  ways.relays = {direct, other};
  const auto files = way_files(WayMaps(ways), WayMap::relay_recipient);
  CHECK(files.plain == "x@other.example :[gw.example.org]:25\nx@partner.example :partner.example\n");
  CHECK(files.regexp == "/@(partner\\.example)$/ :$1\n/@(.+\\.gov\\.example)$/ :$1\n");
}

TEST_CASE("way files: TLS by next hop") {
  WaysOut ways;
  ways.tls = {{"partner.example", "secure"}, {".gov.example", "encrypt"}, {"[10.0.0.1]:25", "none"}, {"*", "may"}};
  const auto files = way_files(WayMaps(ways), WayMap::tls);
  CHECK(files.plain == "[10.0.0.1]:25 none\n");
  CHECK(files.regexp == "/^partner\\.example(:[^:]*)?$/ secure\n/^[^[]+\\.gov\\.example(:[^:]*)?$/ encrypt\n/./ may\n");
}

TEST_CASE("postfix lines: only what the policy needs") {
  const std::string table = "socketmap:unix:mailweir/map.sock:";
  WaysOut ways;
  ways.tls = {{"partner.example", "secure"}};
  CHECK(postfix_lines(WayMaps(ways), table) ==
        "# main.cf\nsmtp_tls_security_level = may\nsmtp_tls_policy_maps = socketmap:unix:mailweir/map.sock:tls\n"
        "# the sender hears early of mail that waits, for TLS too\ndelay_warning_time = 1h\n");
  ways.tls.clear();
  ways.routes = {route({"a.example"}, "smtp-1:"), route({"b.example"}, "smtp-1:[gw.example.org]:25")};
  ways.routes[0].tls = true;
  ways.routes[0].addresses = {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("192.0.2.2"),
                              *IpAddress::parse("2001:db8::1")};
  CHECK(postfix_lines(WayMaps(ways), table) ==
        "# main.cf\nsender_dependent_default_transport_maps = socketmap:unix:mailweir/map.sock:transport\n\n"
        "# master.cf\nsmtp-1 unix - - n - - smtp\n  -o syslog_name=postfix/smtp-1\n"
        "  -o smtp_bind_address=192.0.2.1\n  -o smtp_bind_address6=2001:db8::1\n"
        "  -o smtp_bind_address_enforce=yes\n  -o smtp_tls_security_level=encrypt\n");
}
