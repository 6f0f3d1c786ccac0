// SPDX-License-Identifier: BSD-2-Clause
// One connection of the policy door: sessions and messages told apart, each stage judged and charged once, charges
// given back when the door sees that the mail is refused.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "policy_door/action.h"
#include "policy_door/door_session.h"

namespace mailweir {
namespace {

using test::Engine;

struct Ask {
  std::string state = "RCPT", instance = "1", recipient = "bob@example.net", sender = "alice@example.com", login{},
              client = "192.0.2.7", port = "40000", helo = "client.example.org", count = "0", size = "0",
              name = "unknown", reverse = "unknown";
};

class Connection {
 public:
  explicit Connection(const std::string& text, std::string_view zone = "")
      : engine(text, zone), policy(engine.policy), door{engine.services, policy, {}, stats},
        session(std::in_place, door) {}

  std::string ask(const Ask& ask) {
    using enum Attribute;
    PolicyRequest made;
    const auto set = [&](Attribute attribute, const std::string& value) {
      made.values[static_cast<std::size_t>(attribute)] = value;
    };
    set(request, "smtpd_access_policy");
    set(protocol_state, ask.state);
    set(instance, ask.instance);
    set(recipient, ask.recipient);
    set(sender, ask.sender);
    set(sasl_username, ask.login);
    set(client_address, ask.client);
    set(client_port, ask.port);
    set(client_name, ask.name);
    set(reverse_client_name, ask.reverse);
    set(helo_name, ask.helo);
    set(recipient_count, ask.count);
    set(size, ask.size);
    return session->answer(made);
  }

  Engine engine;
  Snapshot<Policy> policy;
  PolicyDoorStats stats;
  const PolicyDoor door;
  std::optional<PolicyDoorSession> session;
};

std::string alone(std::string_view rules) { return std::string(test::policy_only) + std::string(rules); }

constexpr std::string_view count_recipients =
    "[[rule]]\nname = \"l\"\nat = \"rcpt\"\nlimit = { by = [], of = \"recipients\", max = \"9/1h\" }\ndefer = \"450 "
    "4.7.1 later\"\n";
constexpr std::string_view no_mallory =
    "[[rule]]\nname = \"m\"\nat = \"data\"\nwhen = { sender = \"mallory@example.com\" }\nreject = \"550 5.7.1 no\"\n";

TEST_CASE("the same request asked twice gets the same answer and is charged once") {
  Connection door(alone(count_recipients));
  CHECK(door.ask({}) == "DUNNO");
  CHECK(door.ask({}) == "DUNNO");
  CHECK(door.engine.counted("l") == 1);
  CHECK(door.ask({.recipient = "carol@example.net"}) == "DUNNO");
  CHECK(door.engine.counted("l") == 2);
  CHECK(door.ask({.instance = "2"}) == "DUNNO");  // another message
  CHECK(door.engine.counted("l") == 3);
  CHECK(door.ask({.state = "VRFY", .instance = "3"}) == "DUNNO");
  CHECK(door.engine.counted("l") == 3);
}

TEST_CASE("a refusal asked twice is the same refusal") {
  Connection door(
      alone("[[rule]]\nname = \"l\"\nat = \"rcpt\"\nlimit = { by = [], of = \"recipients\", max = \"1/1h\" }\n"
            "defer = \"450 4.7.1 no more than {limit}\"\n"));
  CHECK(door.ask({}) == "DUNNO");
  const Ask second{.recipient = "carol@example.net"};
  CHECK(door.ask(second) == "450 4.7.1 no more than 1/1h");
  CHECK(door.ask(second) == "450 4.7.1 no more than 1/1h");
  CHECK(door.engine.log.of("verdict").size() == 1);
}

TEST_CASE("a message refused at DATA gets back what its recipients were charged") {
  Connection door(alone(std::string(count_recipients) + std::string(no_mallory)));
  CHECK(door.ask({.sender = "mallory@example.com"}) == "DUNNO");
  CHECK(door.engine.counted("l") == 1);
  CHECK(door.ask({.state = "DATA", .sender = "mallory@example.com", .count = "1"}) == "550 5.7.1 no");
  CHECK(door.ask({.instance = "2"}) == "DUNNO");  // the next message ends the one before
  CHECK(door.engine.counted("l") == 1);
  CHECK(door.ask({.state = "DATA", .instance = "2", .count = "1"}) == "DUNNO");
  door.session.reset();
  CHECK(door.engine.counted("l") == 1);
  const auto lines = door.engine.log.of("message");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("outcome=refused") != std::string::npos);
  CHECK(lines[1].find("outcome=passed") != std::string::npos);
}

TEST_CASE("a message none of whose recipients was let through is refused, and gets its charge back") {
  const auto rules = alone(
      "[[rule]]\nname = \"l\"\nat = \"mail\"\nlimit = { by = [], of = \"messages\", max = \"9/1h\" }\ndefer = \"450 "
      "4.7.1 later\"\n"
      "[[rule]]\nname = \"r\"\nat = \"rcpt\"\nwhen = { recipient = \"no@example.net\" }\nreject = \"550 5.7.1 no\"\n");
  Connection door(rules);
  CHECK(door.ask({.recipient = "no@example.net"}) == "550 5.7.1 no");
  CHECK(door.engine.counted("l") == 1);
  CHECK(door.ask({.instance = "2"}) == "DUNNO");
  CHECK(door.engine.counted("l") == 1);
  CHECK(door.ask({.instance = "2", .recipient = "no@example.net"}) == "550 5.7.1 no");
  door.session.reset();
  CHECK(door.engine.counted("l") == 1);
  const auto lines = door.engine.log.of("message");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("outcome=refused") != std::string::npos);
  CHECK(lines[1].find("outcome=passed") != std::string::npos);
}

TEST_CASE("with delayed restrictions a request at RCPT judges the stages before it, each once") {
  Connection door(alone(
      "[[rule]]\nname = \"c\"\nat = \"connect\"\nlimit = { by = \"client_address\", of = \"connections\", max = "
      "\"9/1h\" }\nreject = \"550 5.7.1 c\"\n"
      "[[rule]]\nname = \"h\"\nat = \"helo\"\nwhen = { helo_name = \"bad.example\" }\nreject = \"550 5.7.1 bad helo\"\n"
      "[[rule]]\nname = \"m\"\nat = \"mail\"\nlimit = { by = \"sender\", of = \"messages\", max = \"9/1h\" }\nreject = "
      "\"550 5.7.1 m\"\n"
      "[[rule]]\nname = \"mark\"\nat = \"mail\"\nwhen = { sender = \"carol@example.com\" }\nhold = \"look\"\n"));
  CHECK(door.ask({}) == "DUNNO");
  CHECK(door.ask({.recipient = "carol@example.net"}) == "DUNNO");
  CHECK(door.engine.counted("c") == 1);
  CHECK(door.engine.counted("m") == 1);
  CHECK(door.ask({.instance = "2", .sender = "carol@example.com"}) == "HOLD look");
  CHECK(door.engine.counted("c") == 1);  // the session is the same
  CHECK(door.engine.counted("m") == 2);  // the message is not
  CHECK(door.ask({.instance = "3", .helo = "bad.example"}) == "550 5.7.1 bad helo");
  CHECK(door.ask({.instance = "4"}) == "DUNNO");
  CHECK(door.ask({.instance = "5", .port = "40001"}) == "DUNNO");
  CHECK(door.engine.counted("c") == 2);  // another port: another session
}

TEST_CASE("asked stage by stage, each answers for itself") {
  Connection door(alone(
      "[[rule]]\nname = \"h\"\nat = \"helo\"\nwhen = { helo_name = \"bad.example\" }\nreject = \"550 5.7.1 bad helo\"\n"
      "[[rule]]\nname = \"m\"\nat = \"mail\"\nwhen = { sender = \"<>\" }\nreject = \"550 5.7.1 no bounces\"\n"
      "[[rule]]\nname = \"e\"\nat = \"end-of-message\"\nwhen = { size = \"> 1000\" }\nreject = \"552 5.3.4 too "
      "large\"\n"));
  CHECK(door.ask({.state = "CONNECT", .helo = ""}) == "DUNNO");
  CHECK(door.ask({.state = "EHLO", .helo = "bad.example"}) == "550 5.7.1 bad helo");
  CHECK(door.ask({.state = "EHLO"}) == "DUNNO");
  CHECK(door.ask({.state = "MAIL", .recipient = "", .sender = ""}) == "550 5.7.1 no bounces");
  CHECK(door.ask({.state = "MAIL", .instance = "2", .recipient = "", .size = "5000"}) == "DUNNO");
  CHECK(door.ask({.state = "RCPT", .instance = "2"}) == "DUNNO");
  CHECK(door.ask({.state = "END-OF-MESSAGE", .instance = "2", .count = "1", .size = "1001"}) == "552 5.3.4 too large");
  CHECK(door.engine.log.of("message").back().find("size=1001") != std::string::npos);
}

TEST_CASE("stages of the milter get DUNNO, and are not told of as judged") {
  Connection door(test::both_doors("\"data\"") + std::string(no_mallory) +
                  "[[rule]]\nname = \"r\"\nat = \"rcpt\"\nreject = \"550 5.7.1 no\"\n");
  CHECK(door.ask({}) == "DUNNO");
  Client client;
  client.address = IpAddress::parse("192.0.2.7");
  client.port = 40000;
  Transaction transaction;
  CHECK_FALSE(door.engine.board.was_asked(client, Stage::rcpt, transaction));
  CHECK(door.ask({.state = "DATA", .count = "1"}) == "DUNNO");
  CHECK(door.engine.board.was_asked(client, Stage::data, transaction));
  transaction.sasl_username = "alice";
  CHECK_FALSE(door.engine.board.was_asked(client, Stage::data, transaction));
}

TEST_CASE("the name that Postfix has found is used: no question is asked") {
  struct Row {
    std::string label, name, reverse, want;
    bool asked;
  };
  const Row rows[] = {
      {"confirmed", "mail.example.com", "mail.example.com", "550 5.7.1 pass", false},
      {"not confirmed", "unknown", "mail.example.com", "550 5.7.1 fail", false},
      {"none, or trouble", "unknown", "unknown", "550 5.7.1 permerror", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    Connection door(
        alone("[[rule]]\nname = \"r\"\nat = \"rcpt\"\nwhen = { iprev = [\"pass\", \"fail\", \"permerror\"] }\nreject = "
              "\"550 5.7.1 {iprev}\"\n"));
    CHECK(door.ask({.name = row.name, .reverse = row.reverse}) == row.want);
    CHECK(door.engine.resolver.asked.empty() == !row.asked);
  }
}

// Postfix keeps the instance over RSET, until a recipient was accepted.
TEST_CASE("another MAIL in the same instance is another message") {
  Connection door(
      alone("[[rule]]\nname = \"m\"\nat = \"mail\"\nwhen = { sender = \"mallory@example.com\" }\nreject = \"550 5.7.1 "
            "no\"\n" +
            std::string(count_recipients)));
  CHECK(door.ask({.sender = "alice@example.com"}) == "DUNNO");
  CHECK(door.ask({.sender = "mallory@example.com"}) == "550 5.7.1 no");
  CHECK(door.ask({.sender = "alice@example.com"}) == "DUNNO");
  CHECK(door.ask({.sender = ""}) == "DUNNO");
  CHECK(door.engine.log.of("message").size() == 3);
}

TEST_CASE("a message whose client falls silent is logged once") {
  Connection door(alone(count_recipients));
  CHECK(door.ask({}) == "DUNNO");
  door.session->idle();
  door.session->idle();
  door.session.reset();
  CHECK(door.engine.log.of("message").size() == 1);
}

TEST_CASE("verdicts as actions of access(5)") {
  struct Row {
    std::string rule, want;
  };
  const Row rows[] = {
      {"reject = \"554 5.7.1 no\"", "554 5.7.1 no"},
      {"defer = \"451 4.7.1 later\"", "451 4.7.1 later"},
      {"drop = \"450 4.7.1 bye\"", "421 4.7.1 bye"},
      {"drop = \"550 5.7.1 bye\"", "521 5.7.1 bye"},
      {"accept = true", "DUNNO"},
      {"permit = true", "OK"},
      {"discard = \"a hole\"", "DISCARD a hole"},
      {"hold = \"look at {sender}\"", R"(HOLD look at "al?ice"@example.com)"},
      {"hold = true", "HOLD held by r"},
      {"hold = \"{sasl_username}\"", "HOLD r"},
      // Postfix puts the recipient and words of its own before it; a reply line has 512 bytes.
      {"reject = \"550 5.7.1 " + std::string(450, 'x') + "\"", "550 5.7.1 " + std::string(290, 'x')},
      {"drop = \"421 4.7.1 " + std::string(450, 'x') + "\"", "421 4.7.1 " + std::string(290, 'x')},
      {"redirect = \"trap@example.com\"", "REDIRECT trap@example.com"},
      {"bcc = \"copy@example.com\"", "BCC copy@example.com"},
      {"route = \"slow:\"", "FILTER slow:"},
      {"route = \"smtp:[{helo_name}]\"", "FILTER smtp:[evil.example]"},
      {"add_headers = { X-From = \"{sender}\" }", R"(PREPEND X-From: "al?ice"@example.com)"},
      {"alert = true", "DUNNO"},
      {"reject = \"550 5.7.1 no\"\nshadow = true", "DUNNO"},
      {"hold = true\nshadow = true", "DUNNO"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    Connection door(alone("[[rule]]\nname = \"r\"\nat = \"data\"\n" + std::string(row.rule) + "\n"));
    CHECK(door.ask({.state = "DATA", .sender = "al\nice@example.com", .helo = "evil. example", .count = "1"}) ==
          row.want);
  }
}

}  // namespace
}  // namespace mailweir
