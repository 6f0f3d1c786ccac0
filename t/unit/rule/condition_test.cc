// SPDX-License-Identifier: BSD-2-Clause
// Every form of condition against every type of fact: what matches, what does not, and what can't be told.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

constexpr std::string_view zone_text =
    "192.0.2.7        PTR mail.example.com\n"
    "mail.example.com A   192.0.2.7\n"
    "example.com      MX  10 mail.example.com\n"
    "192.0.2.99       SERVFAIL\n"
    "broken.example   SERVFAIL\n";

const std::string tables =
    "[lists]\n"
    "people = [\"alice@example.com\", \"carol\", \"192.0.2.0/29\", \".example.net\", \"money\"]\n"
    "with_null = [\"<>\"]\n"
    "[maps]\n"
    "bounces = { \"<>\" = \"x\" }\n"
    "customer = { \"example.com\" = \"Big Customer\" }\n"
    "[facts]\n"
    "customer = { map = \"customer\", key = [\"sasl_domain\", \"sender_domain\"] }\n";

// What the session's end looks like: everything known, or one thing different.
enum class World {
  plain,
  no_login,
  null_sender,
  several_recipients,
  no_headers,
  dns_trouble,
  skipped,
  helo_bare,
  plain_login,
  v6
};

struct Scene {
  std::unique_ptr<Session> session;
  HeaderList headers;
};

void fill(Scene& scene, test::Engine& engine, World world) {
  test::Mail mail;
  mail.sender = "Alice+News@Example.COM";
  mail.login = world == World::no_login ? "" : world == World::plain_login ? "Carol" : "alice@example.com";
  mail.recipients = {"Bob@sub.Example.net"};
  if (world == World::null_sender) mail.sender = "<>";
  if (world == World::several_recipients) mail.recipients = {"a@example.net", "b@example.net", "c@example.net"};
  if (world == World::helo_bare) mail.helo = "friend";
  if (world == World::v6) mail.client = "2001:db8::7";
  if (world == World::dns_trouble) {
    mail.client = "192.0.2.99";
    mail.sender = "alice@broken.example";
  }
  scene.session = engine.message(Door::milter, mail);
  Client& client = scene.session->client();
  client.name = "mail.example.com";
  client.reverse_name = "mail.example.com";
  client.server_address = "192.0.2.25";
  client.server_port = 587;
  client.service = "submission";
  client.encryption_protocol = "TLSv1.3";
  Transaction& transaction = scene.session->transaction();
  transaction.sasl_method = mail.login.empty() ? "" : "PLAIN";
  transaction.size = 26 << 20;
  transaction.queue_id = "4AbC";
  REQUIRE(scene.headers.receive("Received", " from a"));
  REQUIRE(scene.headers.receive("Received", " from b"));
  REQUIRE(scene.headers.receive("From", " Alice <alice@example.com>, \"B\" <b@lists.example.org>"));
  REQUIRE(scene.headers.receive("Subject", " Win\n money"));
  REQUIRE(scene.headers.receive("X-Tag", " one"));
  REQUIRE(scene.headers.receive("X-Tag", " two"));
  for (const auto* value : {"", " ", " \n "}) REQUIRE(scene.headers.receive("X-Empty", value));
  for (const auto* value : {" ", " two"}) REQUIRE(scene.headers.receive("X-Empty-Once", value));
  if (world != World::no_headers) transaction.headers = &scene.headers;
  if (world == World::skipped) scene.session->facts().skip(CheckSet::all());
  scene.session->facts().stage(Stage::end_of_message, Deadline::in(std::chrono::seconds(5)));
}

struct Row {
  std::string when;
  Tri want;
  World world = World::plain;
};

void check(const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.when);
    CAPTURE(static_cast<int>(row.world));
    test::Engine engine(std::string(test::milter_only) + tables +
                            "[[rule]]\nname = \"r\"\nat = \"end-of-message\"\nwhen = " + row.when + "\naccept = true\n",
                        zone_text);
    Scene scene;
    fill(scene, engine, row.world);
    const Tri found = engine.policy->at(Stage::end_of_message).front().when.ask(scene.session->facts());
    CHECK(static_cast<int>(found) == static_cast<int>(row.want));
    if (found != row.want) continue;
    // The same on the other side: unless counts what is satisfied, and nothing else.
    test::Engine other(std::string(test::milter_only) + tables +
                           "[[rule]]\nname = \"r\"\nat = \"end-of-message\"\nunless = " + row.when +
                           "\naccept = true\n",
                       zone_text);
    Scene again;
    fill(again, other, row.world);
    if (row.world == World::skipped) continue;  // judge() sets what is skipped itself
    const Verdict verdict = again.session->judge(Stage::end_of_message);
    CHECK((verdict.action == Action::accept) == (row.want != Tri::yes));
  }
}

constexpr auto yes = Tri::yes, no = Tri::no, unknown = Tri::unknown;

TEST_CASE("conditions on texts, words and logins") {
  check({
      {R"({ sasl_method = "plain" })", yes},
      {R"({ sasl_method = "LOGIN" })", no},
      {R"({ sasl_method = ["LOGIN", "PLAIN"] })", yes},
      {R"({ sasl_method = "PLAI" })", no},
      {R"({ service = "submission" })", yes},
      {R"({ service = "/^sub/" })", yes},
      {R"({ service = "/^SUBM/" })", yes},
      {R"({ service = "/mission$/" })", yes},
      {R"({ service = "/^mission/" })", no},
      {R"({ queue_id = "4abc" })", yes},
      {R"({ encryption_protocol = "TLSv1.2" })", no},
      {R"({ door = "milter" })", yes},
      {R"({ door = "policy" })", no},
      {R"({ origin = "smtp" })", yes},
      {R"({ origin = ["local"] })", no},
      {R"({ direction = "outgoing" })", yes},
      {R"({ direction = "outgoing" })", no, World::no_login},
      {R"({ sasl_username = "ALICE@example.com" })", yes},
      {R"({ sasl_username = "alice" })", no},
      {R"({ sasl_username = "list:people" })", yes},
      {R"({ sasl_username = "list:people" })", yes, World::plain_login},
      {R"({ sasl_username = "!list:people" })", no},
      {R"({ sasl_username = "map:customer" })", yes},
      {R"({ sasl_username = "map:customer" })", no, World::plain_login},
      {R"({ sasl_domain = "example.com" })", yes},
      {R"({ sasl_domain = "example.com" })", unknown, World::plain_login},
      {R"({ customer = "big customer" })", yes},
      {R"({ customer = "other" })", no},
      {R"({ customer = "!other" })", yes},
  });
}

TEST_CASE("conditions on numbers, sizes and booleans") {
  check({
      {R"({ client_port = 40000 })", yes},
      {R"({ client_port = 40001 })", no},
      {R"({ client_port = "= 40000" })", yes},
      {R"({ client_port = "40000" })", yes},
      {R"({ client_port = "!40000" })", no},
      {R"({ client_port = "> 39999" })", yes},
      {R"({ client_port = "> 40000" })", no},
      {R"({ client_port = ">= 40000" })", yes},
      {R"({ client_port = ">= 40001" })", no},
      {R"({ client_port = "< 40001" })", yes},
      {R"({ client_port = "< 40000" })", no},
      {R"({ client_port = "<=40000" })", yes},
      {R"({ client_port = "<= 39999" })", no},
      {R"({ client_port = ["< 10", "> 30000"] })", yes},
      {R"({ client_port = ["> 10", "!40000"] })", no},
      {R"({ size = ">= 26MiB" })", yes},
      {R"({ size = "> 26MiB" })", no},
      {R"({ size = "> 26MB" })", yes},
      {R"({ size = "< 27262976" })", no},
      {R"({ hops = 2 })", yes},
      {R"({ hops = "> 2" })", no},
      {R"({ recipient_count = 1 })", yes},
      {R"({ recipient_count = "> 2" })", yes, World::several_recipients},
      {R"({ authenticated = true })", yes},
      {R"({ authenticated = false })", no},
      {R"({ authenticated = false })", yes, World::no_login},
      {R"({ authenticated = [true, false] })", yes, World::no_login},
      {R"({ tls = true })", yes},
      {R"({ tls = false })", no},
      {R"({ helo_fqdn = true })", yes},
      {R"({ helo_fqdn = false })", yes, World::helo_bare},
      {R"({ sender_fqdn = true })", yes},
      {R"({ sender_fqdn = false })", no},
      {R"({ sender_fqdn = false })", unknown, World::null_sender},
  });
}

TEST_CASE("conditions on networks") {
  check({
      {R"({ client_address = "192.0.2.7" })", yes},
      {R"({ client_address = "192.0.2.8" })", no},
      {R"({ client_address = "192.0.2.0/29" })", yes},
      {R"({ client_address = "192.0.2.8/29" })", no},
      {R"({ client_address = "::ffff:192.0.2.7" })", yes},
      {R"({ client_address = "2001:db8::/32" })", no},
      {R"({ client_address = "2001:db8::/32" })", yes, World::v6},
      {R"({ client_address = "0.0.0.0/0" })", no, World::v6},
      {R"({ client_address = ["198.51.100.0/24", "192.0.2.0/24"] })", yes},
      {R"({ client_address = "list:people" })", yes},
      {R"({ client_address = "list:people" })", no, World::v6},
      {R"({ client_address = "!list:people" })", yes, World::v6},
      {R"({ client_address = "/^192\\.0\\.2\\./" })", yes},
      {R"({ client_address = "/^10\\./" })", no},
      {R"({ server_address = "192.0.2.25" })", yes},
      // "but not this one": an array mixes both.
      {R"({ client_address = ["192.0.2.0/24", "!192.0.2.7"] })", no},
      {R"({ client_address = ["192.0.2.0/24", "!192.0.2.8"] })", yes},
      {R"({ client_address = ["!192.0.2.8", "!192.0.2.9"] })", yes},
      {R"({ client_address = ["!192.0.2.8", "!192.0.2.7"] })", no},
      {R"({ client_address = ["198.51.100.0/24", "!192.0.2.8"] })", no},
  });
}

TEST_CASE("conditions on domains and mail addresses") {
  check({
      {R"({ client_name = "Mail.Example.COM" })", yes},
      {R"({ client_name = "example.com" })", no},
      {R"({ client_name = ".example.com" })", yes},
      {R"({ client_name = ".mail.example.com" })", no},
      {R"({ client_name = "/\\.example\\.com$/" })", yes},
      {R"({ sender_domain = "example.com" })", yes},
      {R"({ sender_domain = ".example.com" })", no},
      {R"({ sender_domain = "!example.com" })", no},
      {R"({ recipient_domain = ".example.net" })", yes},
      {R"({ recipient_domain = ".ample.net" })", no},
      {R"({ recipient_domain = "list:people" })", yes},
      {R"({ recipient_domain = "map:customer" })", no},
      {R"({ sender = "alice+news@example.com" })", yes},
      {R"({ sender = "alice@example.com" })", yes},
      {R"({ sender = "alice+other@example.com" })", no},
      {R"({ sender = "news@example.com" })", no},
      {R"({ sender = "alice@" })", yes},
      {R"({ sender = "ALICE+news@" })", yes},
      {R"({ sender = "news@" })", no},
      {R"({ sender = "example.com" })", yes},
      {R"({ sender = "@example.com" })", yes},
      {R"({ sender = ".example.com" })", no},
      {R"({ recipient = ".example.net" })", yes},
      {R"({ recipient = "example.net" })", no},
      {R"({ sender = "<>" })", no},
      {R"({ sender = "<>" })", yes, World::null_sender},
      {R"({ sender = "!<>" })", yes},
      {R"({ sender = "!<>" })", no, World::null_sender},
      {R"({ sender = ["<>", "example.com"] })", yes},
      // The null sender is matched where it is named, and nothing else speaks of it.
      {R"({ sender = ["<>", "example.com"] })", yes, World::null_sender},
      {R"({ sender = ["!<>", "example.com"] })", no, World::null_sender},
      {R"({ sender = "example.com" })", unknown, World::null_sender},
      {R"({ sender = "!example.com" })", unknown, World::null_sender},
      {R"({ sender = "!alice@example.com" })", unknown, World::null_sender},
      {R"({ sender = "!list:people" })", unknown, World::null_sender},
      {R"({ sender = "!list:with_null" })", no, World::null_sender},
      {R"({ sender = "list:with_null" })", yes, World::null_sender},
      {R"({ sender = "list:with_null" })", no},
      {R"({ sender = "map:bounces" })", yes, World::null_sender},
      {R"({ sender = "/.*/" })", unknown, World::null_sender},
      {R"({ sender = "/^$/" })", unknown, World::null_sender},
      {R"({ sender = "!/x/" })", unknown, World::null_sender},
      {R"({ sender = "!/x/", authenticated = true })", unknown, World::null_sender},
      {R"({ sender = "!/x/", tls = false })", no, World::null_sender},
      {R"({ sender = "list:people" })", yes},
      {R"({ sender = "list:people" })", unknown, World::null_sender},
      {R"({ sender = "/^alice\\+/" })", yes},
      {R"({ sender = "/^bob/" })", no},
      {R"({ sender = "map:customer" })", yes},
  });
}

TEST_CASE("a condition on several values holds if it holds for any") {
  check({
      {R"({ from = "alice@example.com" })", yes},
      {R"({ from = "b@lists.example.org" })", yes},
      {R"({ from = "carol@example.com" })", no},
      {R"({ from_domain = ".example.org" })", yes},
      {R"({ from_domain = ["example.net"] })", no},
      {R"({ from_domain = "!example.com" })", no},
      {R"({ from_domain = "!example.net" })", yes},
      {R"({ "header.Subject" = "win money" })", yes},
      {R"({ header.subject = "/money/" })", yes},
      {R"({ header.Subject = "/^money/" })", no},
      {R"({ header.X-Tag = "two" })", yes},
      {R"({ header.X-Tag = "three" })", no},
      {R"({ header.X-Tag = ["one", "!two"] })", no},
      {R"({ header.X-None = "/./" })", unknown},
      {R"({ header.X-Empty = "!/x/" })", unknown},
      {R"({ header.X-Empty = "/^$/" })", unknown},
      {R"({ header.X-Empty-Once = "two" })", yes},
      {R"({ header.X-Empty-Once = "!two" })", no},
      {R"({ header.X-None = "!x" })", unknown},
      {R"({ header.Subject = "/money/" })", unknown, World::no_headers},
      {R"({ hops = "< 50" })", unknown, World::no_headers},
  });
}

TEST_CASE("what is absent, skipped or failed satisfies no condition") {
  check({
      {R"({ sasl_username = "alice@example.com" })", unknown, World::no_login},
      {R"({ sasl_username = "!alice@example.com" })", unknown, World::no_login},
      {R"({ sasl_username = "/./" })", unknown, World::no_login},
      {R"({ sender_domain = "!example.com" })", unknown, World::null_sender},
      {R"({ recipient = "!bob@example.net" })", unknown, World::several_recipients},
      {R"({ iprev = "pass" })", yes},
      {R"({ iprev = ["fail", "permerror"] })", no},
      {R"({ iprev = "!pass" })", no},
      {R"({ iprev = ["fail", "permerror"] })", unknown, World::dns_trouble},
      {R"({ iprev = "!pass" })", unknown, World::dns_trouble},
      {R"({ iprev = "!temperror" })", unknown, World::dns_trouble},
      {R"({ iprev = "temperror" })", yes, World::dns_trouble},
      {R"({ iprev = ["fail", "temperror"] })", yes, World::dns_trouble},
      {R"({ iprev = "temperror" })", no},
      {R"({ iprev = "pass" })", unknown, World::skipped},
      {R"({ iprev = ["pass", "temperror"] })", unknown, World::skipped},
      {R"({ sender_domain_dns = "exists" })", yes},
      {R"({ sender_domain_dns = "nxdomain" })", unknown, World::dns_trouble},
      {R"({ sender_domain_dns = ["nxdomain", "temperror"] })", yes, World::dns_trouble},
      {R"({ sender_domain_dns = "nxdomain" })", unknown, World::null_sender},
      {R"({ helo_dns = "nxdomain" })", yes},
      {R"({ helo_dns = "nxdomain" })", unknown, World::skipped},
      {R"({ helo_fqdn = true })", unknown, World::skipped},
  });
}

TEST_CASE("all cells of a table must hold, any table of an array may") {
  check({
      {R"({ authenticated = true, tls = true })", yes},
      {R"({ authenticated = true, tls = false })", no},
      {R"([{ authenticated = false }, { tls = true }])", yes},
      {R"([{ authenticated = false }, { tls = false }])", no},
      {R"({ sasl_username = "x", tls = false })", no, World::no_login},
      {R"({ sasl_username = "x", tls = true })", unknown, World::no_login},
      {R"([{ sasl_username = "x" }, { tls = true }])", yes, World::no_login},
      {R"([{ sasl_username = "x" }, { tls = false }])", unknown, World::no_login},
  });
}

}  // namespace
}  // namespace mailweir
