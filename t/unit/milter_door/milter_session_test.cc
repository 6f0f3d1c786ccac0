// SPDX-License-Identifier: BSD-2-Clause
// A session at the milter door, event by event: what holds for all its messages, which keys sign, edits that fail.
#include <doctest/doctest.h>

#include "../fixture/dkim_keys.h"
#include "../fixture/engine_fixture.h"
#include "../fixture/milter_peer.h"
#include "../fixture/milter_room.h"
#include "rule/needs.h"

namespace mailweir {
namespace {

using namespace test;

class Gate {
 public:
  explicit Gate(const std::string& text, std::string_view zone_text = "") : engine(text, zone_text), room(engine) {
    session.emplace(room.door, engine.policy, room.traits());
  }
  ~Gate() { session.reset(); }

  static std::string words(const MilterAnswer& answer) {
    return answer.kind == MilterAnswer::Kind::go_on ? "ok" : answer.reply ? answer.reply->line(true) : "discard";
  }
  std::string connect() {
    return words(session->connect("client.example", IpAddress::parse("192.0.2.7"), 40000, macros));
  }
  std::string connect_local() { return words(session->connect("localhost", IpAddress::parse("127.0.0.1"), 0, macros)); }
  std::string helo(std::string_view name = "client.example") { return words(session->helo(name, macros)); }
  // One message; the first answer that is not "ok", or that at its end.
  std::string send(std::string_view sender = "<a@example.com>", const std::vector<HeaderField>& more = {}) {
    editor.done.clear();
    for (const auto& step :
         {session->mail({sender}, macros), session->rcpt({"<bob@example.net>"}, macros), session->data(macros)})
      if (step.kind != MilterAnswer::Kind::go_on) return words(step);
    session->header("From", " a@example.com");
    for (const auto& field : more) session->header(field.name, field.value);
    session->end_of_header(macros);
    session->body("text\r\n");
    return words(session->end_of_message(editor, macros));
  }
  // The d= of the signatures, as they were added.
  std::string signed_by() const {
    std::string domains;
    for (const auto& edit : editor.done) {
      const auto at = edit.find(" d=");
      if (edit.find("DKIM-Signature") != edit.npos && at != edit.npos)
        domains += edit.substr(at + 3, edit.find(';', at) - at - 3) + ' ';
    }
    return domains;
  }

  Engine engine;
  MacroMap macros;
  Editor editor;
  MilterRoom room;
  std::optional<MilterDoorSession> session;
};

TEST_CASE("milter session: an edit that the MTA does not take defers the message, and the log names it") {
  struct Row {
    std::string rule, refused, want;
  };
  const Row rows[] = {
      {"hold = \"look\"", "hold", "edit=\"hold: look\""},
      {"redirect = \"carl@example.net\"", "del", "edit=\"redirect, away from <bob@example.net>\""},
      {"redirect = \"carl@example.net\"", "rcpt", "edit=\"redirect to carl@example.net\""},
      {"bcc = \"carl@example.net\"", "rcpt", "edit=\"bcc to carl@example.net\""},
      {"add_headers = { X-Mark = \"12\" }", "add", "edit=\"header X-Mark (3 bytes)\""},
      {"remove_headers = [\"Subject\"]", "remove Subject", "edit=\"header Subject (0 bytes)\""},
      {"route = \"slow:\"", "add X-Mailweir-Route", "edit=\"route: slow:\""},
      {"hold = \"look\"", "", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    Gate gate(std::string(milter_only) + "[[rule]]\nname = \"r\"\nat = \"end-of-message\"\n" + row.rule + "\n");
    gate.connect();
    gate.editor.refused = row.refused;
    const auto answer = gate.send("<a@example.com>", {{"Subject", " hi"}});
    const auto lines = gate.engine.log.of("edits-failed");
    CHECK(answer == (row.want.empty() ? "ok" : "451 4.3.0 the message could not be edited, try again later"));
    CHECK(gate.room.stats.edits_failed == lines.size());
    REQUIRE(lines.size() == (row.want.empty() ? 0 : 1));
    if (row.want.empty()) continue;
    CHECK(lines[0].find(row.want) != std::string::npos);
    CHECK(lines[0].find("done=deferred reply=\"451 4.3.0 ") != std::string::npos);
    CHECK(gate.engine.log.of("message").back().find("outcome=deferred") != std::string::npos);
  }
}

TEST_CASE("milter session: what several rules sign with is collected, each key signs once") {
  const dkim_keys::TemporaryFile key(dkim_keys::ed25519_pem);
  std::string text(milter_only);
  for (const std::string domain : {"example.com", "relay.example"})
    text += "[[dkim.key]]\ndomain = \"" + domain + "\"\nselector = \"s\"\nfile = \"" + key.path() + "\"\n";
  const auto rule = [&text](const std::string& letter, const std::string& sign) {
    text += "[[rule]]\nname = \"" + letter + "\"\nat = \"end-of-message\"\nwhen = { header.X-Sign = \"/" + letter +
            "/\" }\nsign = " + sign + "\n";
  };
  rule("a", "true");
  rule("b", "[\"relay.example\"]");
  rule("c", "[\"relay.example\", \"example.com\"]");
  Gate gate(text);
  gate.macros.values["{auth_authen}"] = "alice";
  gate.connect();
  struct Row {
    std::string rules, want;
  };
  // The last that is inserted stands on top: they come in the opposite order.
  const Row rows[] = {{"", ""},
                      {"a", "example.com "},
                      {"b", "relay.example "},
                      {"ab", "example.com relay.example "},
                      {"bc", "relay.example example.com "},
                      {"abc", "example.com relay.example "},
                      {"aa", "example.com "}};
  for (const auto& row : rows) {
    CAPTURE(row.rules);
    CHECK(gate.send("<a@example.com>", {{"X-Sign", " " + row.rules}}) == "ok");
    CHECK(gate.signed_by() == row.want);
  }
}

constexpr std::string_view handed_over = R"([[rule]]
name = "connections"
at = "connect"
limit = { by = "client_address", of = "connections", max = "5/1h" }
defer = "450 4.7.1 too many"
[[rule]]
name = "helos"
at = "helo"
log = true
[[rule]]
name = "bad-helo"
at = "helo"
when = { helo_name = "bad.example" }
reject = "550 5.7.1 bad helo"
)";

TEST_CASE("milter session: connect and helo handed over and never asked are judged once, not with each message") {
  Gate gate(both_doors("\"connect\", \"helo\"") + std::string(handed_over));
  CHECK(gate.connect() == "ok");
  CHECK(gate.helo() == "ok");
  for (int i = 0; i < 3; ++i) CHECK(gate.send() == "ok");
  CHECK(gate.engine.counted("connections") == 1);
  CHECK(gate.engine.log.of("verdict").size() == 1);
  CHECK(gate.engine.log.of("stage-not-asked").size() == 2);
  gate.helo("bad.example");
  const auto before = gate.engine.log.of("verdict").size();
  CHECK(gate.send() == "550 5.7.1 bad helo");
  CHECK(gate.send() == "550 5.7.1 bad helo");
  CHECK(gate.engine.log.of("verdict").size() == before + 2);  // why each was refused
  CHECK(gate.engine.log.of("stage-not-asked").size() == 3);
  gate.helo();
  CHECK(gate.send() == "ok");
  CHECK(gate.engine.counted("connections") == 1);
  CHECK(gate.engine.stats.not_handed_over == 4);
}

TEST_CASE("milter session: a refusal of local mail at connect or helo is one of all its messages") {
  struct Row {
    std::string rule, want;
  };
  const Row rows[] = {{"at = \"connect\"\nwhen = { client_address = \"127.0.0.1\" }", "550 5.7.1 no"},
                      {"at = \"helo\"\nwhen = { helo_name = \"web.example\" }", "550 5.7.1 no"},
                      {"at = \"mail\"\nwhen = { sender = \"bad@example.com\" }", "ok"}};
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    Gate gate(std::string(milter_only) + "[[rule]]\nname = \"r\"\n" + row.rule + "\nreject = \"550 5.7.1 no\"\n");
    CHECK(gate.connect_local() == "ok");
    CHECK(gate.helo("web.example") == "ok");
    CHECK(gate.send("<bad@example.com>") == "550 5.7.1 no");
    CHECK(gate.send() == row.want);
    CHECK(gate.send() == row.want);
    CHECK(gate.engine.log.of("verdict").size() == (row.want == "ok" ? 1 : 3));
    CHECK(gate.helo("other.example") == "ok");
    CHECK(gate.send() == (row.rule.find("connect") != row.rule.npos ? "550 5.7.1 no" : "ok"));
  }
}

TEST_CASE("milter session: a HELO name that differs by its last dot is the same") {
  Gate gate(
      std::string(milter_only) +
          "[[rule]]\nname = \"r\"\nat = \"helo\"\nwhen = { helo_dns = \"nxdomain\" }\nreject = \"550 5.7.1 no\"\n",
      "client.example A 192.0.2.7\n");
  gate.connect();
  CHECK(gate.helo("client.example.") == "ok");
  const auto asked = gate.engine.resolver.asked.size();
  CHECK(asked > 0);
  CHECK(gate.helo("client.example") == "ok");
  CHECK(gate.engine.resolver.asked.size() == asked);
  CHECK(gate.helo("nowhere.example") == "550 5.7.1 no");
}

}  // namespace
}  // namespace mailweir
