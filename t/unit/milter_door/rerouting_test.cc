// SPDX-License-Identifier: BSD-2-Clause
// Which recipients of a message a route takes, and what becomes of mail that it cannot take.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../fixture/temp_dir.h"
#include "milter_door/rerouting.h"
#include "rule/confirmed_routes.h"
#include "rule/way_maps.h"

using namespace mailweir;

namespace {

GivenRecipient to(std::string address, std::string mailer = "smtp") {
  GivenRecipient given;
  given.path = '<' + address + '>';
  given.mailer = std::move(mailer);
  return given;
}

struct Bed {
  TempDir directory;
  NamedRoute route;
  Policy policy;
  Transaction transaction;
  bool sendmail = false;

  Bed() {
    route.name = "bad";
    route.postfix = {"smtp-bad:[gw.example.org]:25"};
    route.sendmail = "mwbad";
    WaysOut ways;
    NamedRoute business;
    business.name = "business";
    business.senders.entries = {"customer.example"};
    business.postfix = {"smtp-ip1:"};
    RelayHop relay;
    relay.host = "[relay.example.org]";
    relay.recipients.entries = {"relayed.example"};
    ways.routes = {business};
    ways.relays = {relay};
    ways.never.entries = {"own.example", ".own.example"};
    ways.tls = {{"forced.example", "encrypt"}, {"may.example", "may"}, {"*", "encrypt"}};
    ways.forced_tls = {"forced.example", "*"};
    policy.way_maps = std::make_shared<const WayMaps>(ways);
    policy.has_socketmap = true;
    policy.confirmed_routes = std::make_shared<const ConfirmedRoutes>(directory / "routes");
    confirm();
  }
  void confirm() {
    for (const auto server : {MailServer::postfix, MailServer::sendmail})
      REQUIRE(policy.confirmed_routes->write(server, {route}));
  }
  // The pseudo addresses with their parameters, then why the route is not taken.
  std::string run(const std::vector<GivenRecipient>& recipients) const {
    const auto done = Rerouting::of(route, policy, {recipients, transaction, sendmail});
    std::string told;
    for (const auto& one : done.rewrites)
      told += one.recipient->path + " -> " + one.address + ' ' + one.parameters + '\n';
    return told + (done.why.empty() ? "" : (done.hold ? "held: " : "usual: ") + done.why);
  }
};

}  // namespace

TEST_CASE("rerouting: who is taken") {
  struct Row {
    std::string address, mailer, want;
  };
  const Row rows[] = {
      {"b@example.net", "smtp", "<b@example.net> -> b=example.net@bad.route.invalid ORCPT=rfc822;b@example.net\n"},
      {"b@example.net", "", "<b@example.net> -> b=example.net@bad.route.invalid ORCPT=rfc822;b@example.net\n"},
      {"b@example.net", "smtp-ip1", "<b@example.net> -> b=example.net@bad.route.invalid ORCPT=rfc822;b@example.net\n"},
      {"b@may.example", "smtp", "<b@may.example> -> b=may.example@bad.route.invalid ORCPT=rfc822;b@may.example\n"},
      {"b@example.net", "local", "usual: recipient <b@example.net> has a transport of its own"},
      {"b@example.net", "error", "usual: recipient <b@example.net> has a transport of its own"},
      {"b@example.net", "smtp-other", "usual: recipient <b@example.net> has a transport of its own"},
      {"B@Own.Example", "smtp", "usual: recipient <B@Own.Example> is in [routes] never or a [relay]"},
      {"b@a.own.example", "smtp", "usual: recipient <b@a.own.example> is in [routes] never or a [relay]"},
      {"b@relayed.example", "smtp", "usual: recipient <b@relayed.example> is in [routes] never or a [relay]"},
      {"b@forced.example", "smtp", "usual: recipient <b@forced.example> has forced TLS"},
  };
  const Bed bed;
  for (const auto& row : rows) {
    CAPTURE(row.address);
    CAPTURE(row.mailer);
    CHECK(bed.run({to(row.address, row.mailer)}) == row.want);
  }
  // Those that are not taken go their usual way beside the others.
  CHECK(bed.run({to("b@own.example"), to("b@example.net"), to("b@forced.example")}) ==
        "<b@example.net> -> b=example.net@bad.route.invalid ORCPT=rfc822;b@example.net\n");
}

TEST_CASE("rerouting: parameters are kept") {
  auto recipient = to("b@example.net");
  recipient.notify = "NOTIFY=NEVER";
  CHECK(Bed().run({recipient}) ==
        "<b@example.net> -> b=example.net@bad.route.invalid NOTIFY=NEVER ORCPT=rfc822;b@example.net\n");
  recipient.orcpt = "ORCPT=rfc822;first@example.org";
  CHECK(Bed().run({recipient}) ==
        "<b@example.net> -> b=example.net@bad.route.invalid NOTIFY=NEVER ORCPT=rfc822;first@example.org\n");
}

TEST_CASE("rerouting: TLS of the route") {
  Bed bed;
  bed.route.tls = true;
  CHECK(bed.run({to("b@forced.example")}) == "held: not confirmed, see mailweirctl routes verify");  // it changed
  bed.confirm();
  CHECK(bed.run({to("b@forced.example")}) ==
        "<b@forced.example> -> b=forced.example@bad.route.invalid ORCPT=rfc822;b@forced.example\n");
}

TEST_CASE("rerouting: what is held") {
  Bed bed;
  CHECK(bed.run({to("b@example.net"), to("b\"c@example.net")}) != "");
  const std::vector<GivenRecipient> quoted{to("\"odd one\"@example.net")};
  CHECK(bed.run(quoted) ==
        "<\"odd one\"@example.net> -> odd=20one=40example.net@x.bad.route.invalid "
        "ORCPT=rfc822;\"odd+20one\"@example.net\n");
  bed.policy.has_socketmap = false;
  CHECK(bed.run(quoted) == "held: recipient <\"odd one\"@example.net> cannot be rewritten without a [socketmap]");
  bed.sendmail = true;
  CHECK(bed.run(quoted) == "held: recipient <\"odd one\"@example.net> cannot be rewritten without Postfix");
  const std::string longest = std::string(64, 'l') + '@' + std::string(60, 'd') + '.' + std::string(60, 'd') + '.' +
                              std::string(50, 'd') + ".example";
  CHECK(bed.run({to(longest, "esmtp")}).starts_with("held: recipient <lll"));
  CHECK(bed.run({to("b@example.net", "esmtp")}).starts_with("<b@example.net> -> "));
  bed.route.sendmail.clear();
  CHECK(bed.run({to("b@example.net", "esmtp")}) == "held: [routes.bad] has no sendmail");
  bed.sendmail = false;
  CHECK(bed.run({to("b@example.net")}) == "held: not confirmed, see mailweirctl routes verify");
}

TEST_CASE("rerouting: a sender with XVERP keeps its way") {
  Bed bed;
  bed.transaction.xverp = true;
  CHECK(bed.run({to("b@example.net")}) == "usual: the sender asks for XVERP");
}

TEST_CASE("rerouting: kind filter takes all or nothing") {
  Bed bed;
  bed.route.kind = RouteKind::filter;
  bed.route.sendmail.clear();
  bed.confirm();
  CHECK(bed.run({to("b@example.net"), to("c@example.org")}) == "");
  CHECK(bed.run({to("b@example.net"), to("b@own.example")}) ==
        "usual: recipient <b@own.example> is in [routes] never or a [relay]");
}

TEST_CASE("confirmed routes: one server's do not touch the other's") {
  Bed bed;
  const auto& confirmed = *bed.policy.confirmed_routes;
  REQUIRE(confirmed.write(MailServer::postfix, {}));
  CHECK_FALSE(confirmed.has(MailServer::postfix, bed.route));
  CHECK(confirmed.has(MailServer::sendmail, bed.route));
  CHECK_FALSE(ConfirmedRoutes(bed.directory / "missing").has(MailServer::postfix, bed.route));
  CHECK_FALSE(ConfirmedRoutes(bed.directory / "no/such/folder").write(MailServer::postfix, {bed.route}));
}
