// SPDX-License-Identifier: BSD-2-Clause
// Which address of MAIL and RCPT is judged at the milter door: by what the MTA says of it, and without that.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "../fixture/milter_peer.h"
#include "../fixture/milter_room.h"
#include "../fixture/path_cases.h"
#include "milter_door/envelope.h"
#include "policy_door/door_session.h"

namespace mailweir {
namespace {

using namespace test;

constexpr const char* absent = nullptr;

struct Row {
  const char *path, *macro, *mailer;  // what the MTA says: {mail_addr} or {rcpt_addr}, and the mailer
  const char* want;                   // the address; null: refused
  const char* also = "";
};

std::string text(const std::optional<Address>& address) { return address ? address->text() : "refused"; }
std::string also(const std::optional<Address>& address) {
  return address && address->also() != nullptr ? address->also()->text() : "";
}

MacroMap macros(const Row& row, const std::string& prefix) {
  MacroMap made;
  if (row.macro != nullptr) made.values['{' + prefix + "_addr}"] = row.macro;
  if (row.mailer != nullptr) made.values['{' + prefix + "_mailer}"] = row.mailer;
  return made;
}

TEST_CASE("envelope: Postfix's own address is judged, and without it the command's text") {
  const Row rows[] = {
      {"<Boss <ceo@victim.example>>", "ceo@victim.example", "smtp", "ceo@victim.example"},
      {"<\"ceo@victim.example\">", "ceo@victim.example", "smtp", "ceo@victim.example"},
      {"<CEO%Victim.example>", "ceo@victim.example", "smtp", "ceo@victim.example"},
      {"<ceo>", "ceo@pf.test", "local", "ceo@pf.test", "ceo"},
      {"<\"c eo\"@victim.example>", "\"c eo\"@victim.example", "smtp", "c eo@victim.example"},
      {"<ceo@other.example@victim.example>", "\"ceo@other.example\"@victim.example", "smtp",
       "ceo@other.example@victim.example"},
      {"<no sense>", "ceo@victim.example", "smtp", "ceo@victim.example"},
      {"<ceo@a.example>", "boss@victim.example", "smtp", "boss@victim.example"},  // canonical_maps, for local mail
      {"<Boss <ceo@victim.example>>", absent, absent, "ceo@victim.example"},
      {"<ceo%victim.example>", absent, absent, "ceo@victim.example"},
      {"<victim.example!ceo@>", absent, absent, "ceo@victim.example"},
      {"<ceo>", absent, absent, "ceo"},
      {"<Boss, Mr <ceo@victim.example>>", absent, absent, nullptr},
      {"<ceo@>", absent, absent, nullptr},
      {"<ceo@victim..example>", absent, absent, nullptr},
      {"<ceo@victim.example", absent, absent, nullptr},
      {"<c eo@victim.example>", absent, absent, nullptr},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    const auto sender = envelope_sender(row.path, macros(row, "mail"), false, {});
    CHECK(text(sender) == (row.want == nullptr ? "refused" : row.want));
    CHECK(also(sender) == row.also);
    const auto recipient = envelope_recipient(row.path, macros(row, "rcpt"), false, {});
    CHECK(text(recipient) == (row.want == nullptr ? "refused" : row.want));
    CHECK(also(recipient) == row.also);
  }
  for (const char* null : {"<>", "< >", "<\"\">", "<(ceo@victim.example)>"}) {
    CAPTURE(null);
    for (const char* macro : {"", absent}) {
      const auto sender = envelope_sender(null, macros({null, macro, "smtp", ""}, "mail"), false, {});
      CHECK((sender && sender->is_null()));
    }
    CHECK(text(envelope_recipient(null, MacroMap(), false, {})) == "refused");
  }
}

TEST_CASE("envelope: Sendmail's macro is the address only with an @ and another mailer than local") {
  struct Both {
    Row row;
    const char *recipient, *also;
  };
  const Both rows[] = {
      {{"<Boss <ceo@victim.example>>", "ceo@victim.example", "relay", "ceo@victim.example"}, "ceo@victim.example", ""},
      {{"<Boss, Mr <ceo@victim.example>>", "ceo@victim.example", "relay", "ceo@victim.example"},
       "ceo@victim.example",
       ""},
      {{"<\"c\"eo@victim.example>", "\"c\"eo@victim.example", "relay", "ceo@victim.example"}, "ceo@victim.example", ""},
      {{"<ceo@victim.example..>", "ceo@victim.example", "relay", "ceo@victim.example"}, "ceo@victim.example", ""},
      {{"<c e o@victim.example>", "c.e.o@victim.example", "relay", "c.e.o@victim.example"}, "c.e.o@victim.example", ""},
      {{"<info@hosted.example>", "info", "local", "info@hosted.example"}, "info@hosted.example", ""},
      {{"<Info <info+news@hosted.example>>", "info", "local", "info+news@hosted.example"},
       "info+news@hosted.example",
       ""},
      {{"<info%hosted.example@sm.test>", "info", "local", "info@hosted.example"}, "info@hosted.example", ""},
      {{"<sm.test!info@hosted.example>", "info", "local", "info@sm.test"}, "info@sm.test", ""},
      {{"<victim!ceo>", "victim!ceo", "relay", "ceo@victim"}, "ceo@victim", ""},
      {{"<ceo>", "ceo", "local", "ceo"}, "ceo", ""},
      {{"<i nfo@hosted.example>", "i.nfo", "local", nullptr}, nullptr, ""},
      // A virtusertable.
      {{"<info@hosted.example>", "ann@far.example", "relay", "ann@far.example"},
       "info@hosted.example",
       "ann@far.example"},
  };
  for (const auto& both : rows) {
    const Row& row = both.row;
    CAPTURE(row.path);
    CHECK(text(envelope_sender(row.path, macros(row, "mail"), true, {})) ==
          (row.want == nullptr ? "refused" : row.want));
    const auto recipient = envelope_recipient(row.path, macros(row, "rcpt"), true, {});
    CHECK(text(recipient) == (both.recipient == nullptr ? "refused" : both.recipient));
    CHECK(also(recipient) == both.also);
  }
  CHECK(envelope_sender("<>", macros({"<>", "", "local", ""}, "mail"), true, {})->is_null());
}

// --- in a session ----------------------------------------------------------------------------------------------------

constexpr std::string_view deny = R"(
[[rule]]
name = "from"
at = "mail"
when = { sender = "ceo@victim.example" }
reject = "550 5.7.1 sender"
[[rule]]
name = "to"
at = "rcpt"
when = { recipient = "ceo@victim.example" }
reject = "550 5.7.1 recipient"
)";

class Gate {
 public:
  explicit Gate(const std::string& text) : engine(text), room(engine) {
    session.emplace(room.door, engine.policy, room.traits());
    session->connect("client.example", IpAddress::parse("192.0.2.7"), 40000, MacroMap());
    session->helo("client.example", MacroMap());
  }
  ~Gate() { session.reset(); }

  static std::string words(const MilterAnswer& answer) {
    return answer.kind == MilterAnswer::Kind::go_on ? "ok" : answer.reply ? answer.reply->line(true) : "discard";
  }
  static MacroMap said(const char* name, const char* address, const char* mailer = "smtp") {
    MacroMap made;
    if (address == nullptr) return made;
    made.values['{' + std::string(name) + "_addr}"] = address;
    made.values['{' + std::string(name) + "_mailer}"] = mailer;
    return made;
  }
  std::string mail(std::string_view path, const char* address = absent) {
    return words(session->mail({path}, said("mail", address)));
  }
  std::string rcpt(std::string_view path, const char* address = absent, const char* mailer = "smtp") {
    return words(session->rcpt({path}, said("rcpt", address, mailer)));
  }
  std::string end() {
    if (const auto answer = session->data(MacroMap()); answer.kind != MilterAnswer::Kind::go_on) return words(answer);
    session->header("From", " a@example.com");
    session->end_of_header(MacroMap());
    return words(session->end_of_message(editor, MacroMap()));
  }

  Engine engine;
  Editor editor;
  MilterRoom room;
  std::optional<MilterDoorSession> session;
};

TEST_CASE("envelope: no spelling passes a rule, with the macro and without") {
  Gate gate(std::string(milter_only) + std::string(deny));
  for (const auto& row : path_cases) {
    if (row.mailbox == nullptr || std::string_view(row.meant) != "ceo@victim.example") continue;
    const std::string in(row.in);
    CAPTURE(in);
    for (const char* macro : {row.meant, absent}) {
      CHECK(gate.mail(row.in, macro) == "550 5.7.1 sender");
      CHECK(gate.mail("<a@example.com>") == "ok");
      CHECK(gate.rcpt(row.in, macro) == "550 5.7.1 recipient");
    }
  }
}

TEST_CASE("envelope: what is no mailbox is refused, and is no absent fact") {
  Gate gate(std::string(milter_only) + std::string(deny));
  for (const auto& row : path_cases) {
    if (row.mailbox != nullptr) continue;
    const std::string in(row.in);
    CAPTURE(in);
    CHECK(gate.mail(row.in) == "553 5.1.7 the sender is not a valid mail address");
    CHECK(gate.mail("<a@example.com>") == "ok");
    CHECK(gate.rcpt(row.in) == "553 5.1.3 the recipient is not a valid mail address");
    CHECK(gate.rcpt("<bob@example.net>") == "ok");
    CHECK(gate.end() == "ok");
  }
  CHECK(gate.mail("<>") == "ok");
  CHECK(gate.rcpt("<>") == "553 5.1.3 the recipient is not a valid mail address");
  // Where no answer is read at RCPT, the message ends so.
  Gate silent(std::string(milter_only) +
              "[[rule]]\nname = \"x\"\nat = \"end-of-message\"\nadd_headers = { X-A = \"1\" }\n");
  CHECK(silent.mail("<a@example.com>") == "ok");
  CHECK(silent.rcpt("<c eo@victim.example>") == "ok");
  CHECK(silent.end() == "553 5.1.3 the recipient is not a valid mail address");
}

TEST_CASE("envelope: a refused recipient's macro is the text of a reply") {
  Gate gate(std::string(milter_only) + std::string(deny));
  CHECK(gate.mail("<a@example.com>") == "ok");
  CHECK(gate.rcpt("<bob@example.net>", "<ceo@victim.example>: Recipient address rejected", "error") == "ok");
  CHECK(gate.engine.log.of("verdict").empty());
}

TEST_CASE("envelope: a recipient in virtual_alias_domains is one that Postfix takes") {
  struct Row {
    const char *mailer, *host;
    bool sendmail, refused;
  };
  const Row rows[] = {
      {"error", "5.1.1", false, true},
      {"error", "4.2.1", false, true},
      {"error", "", false, true},
      {"error", "5.1.1 User unknown in virtual alias table", false, false},
      {"error", "5.1.1 User unknown", true, true},
      {"smtp", "5.1.1", false, false},
      {"virtual", "victim.example", false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.host);
    MacroMap made;
    made.values["{rcpt_mailer}"] = row.mailer;
    made.values["{rcpt_host}"] = row.host;
    CHECK(refused_by_the_mta(made, row.sendmail) == row.refused);
  }
}

TEST_CASE("envelope: redirect and discard delete both names of a recipient") {
  struct Redirect {
    const char *path, *macro;
    std::vector<std::string> want;
  };
  const Redirect rows[] = {
      {"<Bob <bob@example.net>>",
       "bob@example.net",
       {"del <Bob <bob@example.net>>", "del <bob@example.net>", "rcpt <safe@example.com>"}},
      {"<BOB@example.net>",
       "bob@example.net",
       {"del <BOB@example.net>", "del <bob@example.net>", "rcpt <safe@example.com>"}},
      {"<bob@example.net>", "bob@example.net", {"del <bob@example.net>", "rcpt <safe@example.com>"}},
      {"<bob@example.net>", absent, {"del <bob@example.net>", "rcpt <safe@example.com>"}}};
  for (const auto& row : rows) {
    CAPTURE(row.path);
    Gate gate(std::string(milter_only) + "[[rule]]\nname = \"r\"\nat = \"rcpt\"\nredirect = \"safe@example.com\"\n");
    CHECK(gate.mail("<a@example.com>") == "ok");
    CHECK(gate.rcpt(row.path, row.macro) == "ok");
    CHECK(gate.end() == "ok");
    CHECK(gate.editor.done == row.want);
    Gate discards(
        std::string(milter_only) +
        "[[rule]]\nname = \"r\"\nat = \"rcpt\"\nwhen = { recipient = \"bob@example.net\" }\ndiscard = \"x\"\n");
    CHECK(discards.mail("<a@example.com>") == "ok");
    CHECK(discards.rcpt(row.path, row.macro) == "ok");
    CHECK(discards.rcpt("<carl@example.net>", "carl@example.net") == "ok");
    CHECK(discards.end() == "ok");
    CHECK(discards.editor.done == std::vector(row.want.begin(), row.want.end() - 1));
  }
}

TEST_CASE("envelope: bare names are found as they were written and as the MTA completes them") {
  struct Bare {
    std::string when, want;
  };
  const Bare rows[] = {
      {"{ sender = \"list:bare\" }", "550 5.7.1 no"},   {"{ sender = \"ceo@\" }", "550 5.7.1 no"},
      {"{ sender = \"ceo@pf.test\" }", "550 5.7.1 no"}, {"{ sender_domain = \"pf.test\" }", "550 5.7.1 no"},
      {"{ sender_fqdn = false }", "550 5.7.1 no"},      {"{ sender = \"!list:bare\" }", "ok"},
      {"{ sender = \"/^[^@]*$/\" }", "550 5.7.1 no"},   {"{ sender_fqdn = true }", "ok"}};
  for (const auto& row : rows) {
    CAPTURE(row.when);
    Gate gate(std::string(milter_only) + "[lists]\nbare = [\"ceo\"]\n[[rule]]\nname = \"r\"\nat = \"mail\"\nwhen = " +
              row.when + "\nreject = \"550 5.7.1 no\"\n");
    CHECK(gate.mail("<ceo>", "ceo@pf.test") == row.want);
  }
}

TEST_CASE("envelope: limits count all spellings of a sender together") {
  Gate gate(std::string(milter_only) +
            "[[rule]]\nname = \"l\"\nat = \"mail\"\nlimit = { by = \"sender\", of = \"messages\", max = \"3/1h\" "
            "}\ndefer = \"450 4.7.1 later\"\n");
  const auto send = [&](const char* path, const char* address) {
    if (const auto answer = gate.mail(path, address); answer != "ok") return answer;
    CHECK(gate.rcpt("<bob@example.net>", "bob@example.net") == "ok");
    return gate.end();
  };
  CHECK(send("<ceo@victim.example>", "ceo@victim.example") == "ok");
  CHECK(send("<Boss <ceo+x@victim.example>>", "ceo+x@victim.example") == "ok");
  CHECK(send("<prvs=0123abcdef=CEO@victim.example>", "prvs=0123abcdef=ceo@victim.example") == "ok");
  CHECK(gate.engine.counted("l", "ceo@victim.example") == 3);
  CHECK(send("<\"ceo\"@victim.example>", "ceo@victim.example") == "450 4.7.1 later");
}

TEST_CASE("envelope: the doors find each other by the mailbox before it was rewritten") {
  using enum Attribute;
  for (const auto& row : path_cases) {
    if (row.mailbox == nullptr || *row.mailbox == '\0') continue;
    const std::string in(row.in);
    CAPTURE(in);
    Gate gate(both_doors("\"rcpt\"") + std::string("[[rule]]\nname = \"l\"\nat = \"rcpt\"\nlimit = { by = [], of = "
                                                   "\"recipients\", max = \"9/1h\" }\ndefer = \"450 4.7.1 later\"\n"));
    PolicyDoorStats stats;
    const PolicyDoor door{gate.engine.services, gate.room.policy, {}, stats};
    PolicyDoorSession policy(door);
    PolicyRequest made;
    const auto set = [&](Attribute attribute, std::string_view value) {
      made.values[static_cast<std::size_t>(attribute)] = value;
    };
    set(Attribute::request, "smtpd_access_policy");
    set(protocol_state, "RCPT");
    set(instance, "1");
    set(client_address, "192.0.2.7");
    set(client_port, "40000");
    set(recipient, row.mailbox);
    CHECK(gate.mail("<a@example.com>", "a@example.com") == "ok");
    CHECK(policy.answer(made) == "DUNNO");
    CHECK(gate.rcpt(row.in, row.meant) == "ok");
    CHECK(gate.session->data(MacroMap()).kind == MilterAnswer::Kind::go_on);
    CHECK(gate.engine.stats.not_handed_over == 0);
    gate.session->abort();
  }
}

TEST_CASE("envelope: the policy door judges % and ! as the address they mean") {
  struct Meant {
    const char *recipient, *want;
  };
  const Meant rows[] = {{"ceo@victim.example", "550 5.7.1 recipient"},
                        {"ceo%victim.example", "550 5.7.1 recipient"},
                        {"victim.example!ceo", "550 5.7.1 recipient"},
                        {"ceo%victim.example@", "550 5.7.1 recipient"},
                        {"@y:ceo@victim.example", "550 5.7.1 recipient"},
                        {"ceo%victim.example@ours.example", "550 5.7.1 recipient"},
                        {"ceo@victim.example.", "550 5.7.1 recipient"},
                        {"ceo%victim.example@other.example", "DUNNO"},
                        {"ceo@victim.example@ours.example", "550 5.7.1 recipient"},
                        {"ceo@victim.example@other.example", "DUNNO"},
                        {"ceo%victim.example@[127.0.0.1]", "550 5.7.1 recipient"},
                        {"ceo%victim.example@[IPv6:::1]", "550 5.7.1 recipient"},
                        {"ceo%victim.example@[192.0.2.1]", "DUNNO"},
                        {"ceo%victim.example@localhost", "550 5.7.1 recipient"},
                        {"!victim.example!ceo", "550 5.7.1 recipient"},
                        {"ceo@victim. example", "550 5.7.1 recipient"},
                        {" ceo@victim.example", "DUNNO"},
                        {"\"ceo\"@victim.example", "DUNNO"}};
  Engine engine(std::string(policy_only) + "[general]\nour_names = [\"ours.example\"]\n" + std::string(deny));
  Snapshot<Policy> policy(engine.policy);
  PolicyDoorStats stats;
  const PolicyDoor door{engine.services, policy, {}, stats};
  PolicyDoorSession session(door);
  for (const auto& row : rows) {
    CAPTURE(row.recipient);
    using enum Attribute;
    PolicyRequest made;
    const auto set = [&](Attribute attribute, std::string_view value) {
      made.values[static_cast<std::size_t>(attribute)] = value;
    };
    set(Attribute::request, "smtpd_access_policy");
    set(protocol_state, "RCPT");
    set(instance, "1");
    set(client_address, "192.0.2.7");
    set(client_port, "40000");
    set(sender, "a@example.com");
    set(recipient, row.recipient);
    CHECK(session.answer(made) == row.want);
  }
}

}  // namespace
}  // namespace mailweir
