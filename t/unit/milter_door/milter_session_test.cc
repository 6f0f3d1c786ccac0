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
    session->header("From", ' ' + author);
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

  std::string author = "a@example.com";
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
  // The last that is inserted stands on top, and the author's first key is to stand there.
  const Row rows[] = {{"", ""},
                      {"a", "example.com "},
                      {"b", "relay.example "},
                      {"ab", "relay.example example.com "},
                      {"bc", "example.com relay.example "},
                      {"abc", "relay.example example.com "},
                      {"aa", "example.com "}};
  for (const auto& row : rows) {
    CAPTURE(row.rules);
    CHECK(gate.send("<a@example.com>", {{"X-Sign", " " + row.rules}}) == "ok");
    CHECK(gate.signed_by() == row.want);
  }
}

TEST_CASE("milter session: a message that a rule wants signed, whose author's domain has no key") {
  const dkim_keys::TemporaryFile key(dkim_keys::ed25519_pem), open_key(dkim_keys::ed25519_pem, 0644);
  std::string keys;
  for (const std::string domain : {"example.com", "esp.example"})
    keys += "[[dkim.key]]\ndomain = \"" + domain + "\"\nselector = \"s\"\nfile = \"" + key.path() + "\"\n";
  keys += "[[dkim.key]]\ndomain = \"bad.example\"\nselector = \"s\"\nfile = \"" + open_key.path() + "\"\n";
  const std::string rule =
      "[[rule]]\nname = \"sign\"\nat = \"end-of-message\"\nunless = { header.X-Not = \"/./\" }\nsign = true\n";
  struct Row {
    std::string dkim, from, want, by, line;
    std::uint64_t refused = 0;
  };
  const std::string reject = "without_key = \"reject\"\n", defer = "without_key = \"defer\"\n",
                    provider = "without_key = \"provider\"\nprovider = \"esp.example\"\n",
                    also = "also = [\"esp.example\"]\n", unsigned_words = " not_signed=\"no key\"";
  const Row rows[] = {
      {"", "example.com", "ok", "example.com ", " from_domain=example.com signed="},
      {"", "no.example", "ok", "", " from_domain=no.example" + unsigned_words},
      {"", "bad.example", "ok", "", " not_signed=\"its key cannot be used\""},
      {also, "example.com", "ok", "esp.example example.com ",
       " signed=s._domainkey.example.com,s._domainkey.esp.example"},
      {also, "no.example", "ok", "esp.example ",
       " from_domain=no.example no_key=no.example signed=s._domainkey.esp.example"},
      {provider, "example.com", "ok", "example.com ", " signed=s._domainkey.example.com"},
      {provider, "no.example", "ok", "esp.example ", " no_key=no.example signed=s._domainkey.esp.example"},
      {provider, "bad.example", "ok", "esp.example ", " no_key=bad.example signed=s._domainkey.esp.example"},
      {defer, "no.example", "451 4.7.0 mail from no.example cannot be signed: no key (ref ID)", "", "outcome=deferred",
       1},
      {reject, "no.example", "550 5.7.1 mail from no.example cannot be signed: no key (ref ID)", "", "outcome=rejected",
       1},
      {reject, "example.com", "ok", "example.com ", "outcome=accepted"},
      {reject, "bad.example", "451 4.7.0 mail from bad.example cannot be signed: its key cannot be used (ref ID)", "",
       "outcome=deferred", 1},
      {reject + "without_key_reply = \"554 5.7.0 {from_domain}: ask for a key, {id}\"\n", "no.example",
       "554 5.7.0 no.example: ask for a key, ID", "", "outcome=rejected", 1},
      {reject + "without_key_reply = \"554 5.7.0 {from_domain}: ask for a key, {id}\"\n", "bad.example",
       "450 4.7.0 bad.example: ask for a key, ID", "", "outcome=deferred", 1},
  };
  for (const auto& row : rows) {
    CAPTURE(row.dkim);
    CAPTURE(row.from);
    Gate gate(std::string(milter_only) + "[dkim]\n" + row.dkim + keys + rule);
    gate.macros.values["{auth_authen}"] = "alice";
    gate.connect();
    gate.author = "a@" + row.from;
    const std::string answer = gate.send();
    const std::string line = gate.engine.log.of("message").back();
    const auto at = line.find(" id=");
    const std::string id = line.substr(at + 4, line.find(' ', at + 4) - at - 4);
    std::string want = row.want;
    if (const auto place = want.find("ID"); place != want.npos) want.replace(place, 2, id);
    CHECK(answer == want);
    CHECK(gate.signed_by() == row.by);
    CHECK(line.find(row.line) != line.npos);
    CHECK(gate.room.stats.refused_without_key == row.refused);
    CHECK(gate.room.stats.unsigned_without_key == (row.from == "example.com" ? 0 : 1));
    CHECK(gate.engine.log.of("not-signed").size() == row.refused);
    gate.send("<a@example.com>", {{"X-Not", " 1"}});
    CHECK(gate.engine.log.of("message").back().find(" not_signed=\"no rule signs it\"") != line.npos);
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
