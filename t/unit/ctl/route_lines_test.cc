// SPDX-License-Identifier: BSD-2-Clause
// What is printed for the routes that rules name.
#include <doctest/doctest.h>

#include <string>

#include "ctl/postfix_tables.h"
#include "ctl/route_lines.h"
#include "ctl/way_files.h"

using namespace mailweir;

namespace {

NamedRoute named(std::string name, std::vector<std::string> postfix, std::string sendmail = {}) {
  NamedRoute route;
  route.name = std::move(name);
  route.postfix = std::move(postfix);
  route.sendmail = std::move(sendmail);
  return route;
}

}  // namespace

TEST_CASE("tables of a list") {
  struct Row {
    std::string list;
    std::vector<std::string> want;
  };
  const Row rows[] = {
      {"", {}},
      {" , ", {}},
      {"hash:/a", {"hash:/a"}},
      {"hash:/a, regexp:{ {/x, y/ z} {/b/ c} },$name", {"hash:/a", "regexp:{ {/x, y/ z} {/b/ c} }", "$name"}}};
  for (const auto& row : rows) {
    CAPTURE(row.list);
    CHECK(tables_in(row.list) == row.want);
  }
}

TEST_CASE("lines of Postfix for routes that rules name") {
  NamedRoute filter = named("flt", {"smtp-flt:[gw.example.org]:25"});
  filter.kind = RouteKind::filter;
  NamedRoute pool = named("bad", {"smtp-1:[a.example.org]:25", "smtp-2:"});
  pool.addresses = {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("192.0.2.2")};
  const std::string own =
      "regexp:{ {/@(x\\.)?bad\\.route\\.invalid$$/ smtp-1:[a.example.org]:25} {/@x?2\\.bad\\.route\\.invalid$$/ "
      "smtp-2:} "
      "{/[@.]route\\.invalid$$/ retry:4.3.5 route not configured here} }";
  const std::string checks = "regexp:{ {/^X-Mailweir-Route: flt$$/ FILTER smtp-flt:[gw.example.org]:25} }";
  const PostfixBefore before{own + ", hash:/etc/postfix/transport", "regexp:/etc/postfix/mailweir_routes, " + checks,
                             "hash:/etc/postfix/generic"};
  CHECK(
      postfix_lines(WayMaps(WaysOut()), "", {pool, filter}, before) ==
      "# main.cf\n# these pseudo domains go to their routes only, whatever else there is\n"
      "transport_maps = " +
          own +
          ", hash:/etc/postfix/transport\n"
          "milter_header_checks = " +
          checks +
          ", regexp:/etc/postfix/mailweir_routes\n\n"
          "# master.cf\nsmtp-1 unix - - n - - smtp\n  -o syslog_name=postfix/smtp-1\n  -o smtp_bind_address=192.0.2.1\n"
          "  -o smtp_bind_address_enforce=yes\n"
          "  -o { smtp_generic_maps = regexp:{ {/^(.+)=([^=@]+)@bad\\.route\\.invalid$$/ $$1@$$2} }, "
          "hash:/etc/postfix/generic }\n"
          "smtp-2 unix - - n - - smtp\n  -o syslog_name=postfix/smtp-2\n  -o smtp_bind_address=192.0.2.2\n"
          "  -o smtp_bind_address_enforce=yes\n"
          "  -o { smtp_generic_maps = regexp:{ {/^(.+)=([^=@]+)@2\\.bad\\.route\\.invalid$$/ $$1@$$2} }, "
          "hash:/etc/postfix/generic }\n"
          "smtp-flt unix - - n - - smtp\n  -o syslog_name=postfix/smtp-flt\n");
}

TEST_CASE("lines of Sendmail: none without a route for it") {
  CHECK(sendmail_lines({named("bad", {"smtp-bad:"})}) == "");
  const auto lines = sendmail_lines({named("bad", {}, "mwbad:[gw.example.org]:2525")});
  CHECK(lines.find("R< $+ @ $+ > < mwbad >\t$#mwbad $@ [gw.example.org] $: $1 < @ $2 . >\n") != lines.npos);
  CHECK(lines.find("A=TCP $h 2525\n") != lines.npos);
}
