// SPDX-License-Identifier: BSD-2-Clause
// A permit or a discard at an early stage of the policy door is the answer of its later stages, too: the milter does
// not judge these instead. It does judge what Postfix did not ask.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "../fixture/milter_peer.h"
#include "../fixture/milter_room.h"
#include "policy_door/door_session.h"

namespace mailweir {
namespace {

using namespace test;

struct Row {
  std::string label, early;           // the rule before
  std::vector<std::string> requests;  // what Postfix asks the policy door; a login behind a blank
  std::string answer, data;           // the last of its answers, and what DATA becomes
  std::size_t not_asked;
};

const std::string permit = "permit = true\n", discard = "discard = true\n",
                  sender = "when = { sender = \"a@x.example\" }\n";

const Row rows[] = {
    {"no rule before", "", {"RCPT"}, "550 5.7.1 no", "550 5.7.1 no", 1},
    {"permit at connect, told at RCPT", "at = \"connect\"\n" + permit, {"RCPT"}, "OK", "ok", 0},
    {"permit at helo", "at = \"helo\"\n" + permit, {"RCPT"}, "OK", "ok", 0},
    {"permit at mail", "at = \"mail\"\n" + sender + permit, {"RCPT"}, "OK", "ok", 0},
    {"discard at mail", "at = \"mail\"\n" + sender + discard, {"RCPT"}, "DISCARD", "ok", 0},
    {"permit at connect, told at CONNECT", "at = \"connect\"\n" + permit, {"CONNECT", "RCPT"}, "OK", "ok", 0},
    // What was not asked is judged by the milter, and what the permit was not for is not covered.
    {"RCPT never asked", "at = \"connect\"\n" + permit, {"CONNECT"}, "OK", "550 5.7.1 no", 3},
    {"asked before the login", "at = \"connect\"\n" + permit, {"RCPT other"}, "OK", "550 5.7.1 no", 2},
    {"of another client",
     "at = \"connect\"\nwhen = { client_address = \"192.0.2.9\" }\n" + permit,
     {"RCPT"},
     "550 5.7.1 no",
     "550 5.7.1 no",
     1},
};

TEST_CASE("passed over: a permit at the policy door stands for its later stages at the milter, too") {
  for (const Row& row : rows) {
    CAPTURE(row.label);
    std::string rules = both_doors("\"connect\", \"helo\", \"mail\", \"rcpt\"");
    if (!row.early.empty()) rules += "[[rule]]\nname = \"early\"\n" + row.early;
    rules += "[[rule]]\nname = \"no\"\nat = \"rcpt\"\nreject = \"550 5.7.1 no\"\n";
    Engine engine(rules);
    MilterRoom room(engine);
    MilterDoorSession milter(room.door, engine.policy, room.traits());
    PolicyDoorStats stats;
    const PolicyDoor door{engine.services, room.policy, {}, stats};
    PolicyDoorSession policy(door);

    MacroMap macros;
    milter.connect("unknown", IpAddress::parse("192.0.2.7"), 40000, macros);
    milter.helo("client.example", macros);
    milter.mail({"<a@x.example>"}, macros);
    std::string answer;
    for (const std::string& request : row.requests) {
      const auto blank = request.find(' ');
      PolicyRequest made;
      const auto set = [&](Attribute attribute, std::string_view value) {
        made.values[static_cast<std::size_t>(attribute)] = value;
      };
      set(Attribute::request, "smtpd_access_policy");
      set(Attribute::protocol_state, std::string_view(request).substr(0, blank));
      set(Attribute::instance, "1");
      set(Attribute::client_address, "192.0.2.7");
      set(Attribute::client_port, "40000");
      set(Attribute::helo_name, "client.example");
      if (blank != request.npos) set(Attribute::sasl_username, std::string_view(request).substr(blank + 1));
      if (!request.starts_with("CONNECT")) {
        set(Attribute::sender, "a@x.example");
        set(Attribute::recipient, "bob@example.net");
      }
      answer = policy.answer(made);
    }
    CHECK(answer.substr(0, row.answer.size()) == row.answer);
    milter.rcpt({"<bob@example.net>"}, macros);
    const MilterAnswer at_data = milter.data(macros);
    CHECK((at_data.goes_on() ? "ok" : at_data.reply ? at_data.reply->line(true) : "?") == row.data);
    CHECK(engine.stats.not_handed_over == row.not_asked);
    CHECK(engine.log.of("stage-not-asked").size() == row.not_asked);
  }
}

}  // namespace
}  // namespace mailweir
