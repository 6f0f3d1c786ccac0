// SPDX-License-Identifier: BSD-2-Clause
// What a stranger may write into an envelope and into From: over the bound it is refused, within it every address is
// judged.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "../fixture/milter_peer.h"
#include "../fixture/milter_room.h"
#include "base/text.h"
#include "mail/address_list.h"
#include "rule/needs.h"

namespace mailweir {
namespace {

using namespace test;

std::string addresses(std::size_t count, std::string_view between = ", ") {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? "" : std::string(between)) + 'u' + std::to_string(i) + "@d" + std::to_string(i) + ".example";
  return text;
}

TEST_CASE("from bound: 100 addresses and 32 KB over all From fields") {
  struct Row {
    std::string_view in;
    std::vector<HeaderField> fields;
    std::string want;
  };
  const std::string over_addresses = "the From fields name more than 100 addresses",
                    over_bytes = "the From fields are longer than 32768 bytes";
  const Row rows[] = {
      {"none", {}, ""},
      {"the usual", {{"From", " \"Last, First: (x)\" <a@example.com>"}}, ""},
      {"100", {{"From", addresses(100)}}, ""},
      {"101", {{"From", addresses(101)}}, over_addresses},
      {"101, folded", {{"From", addresses(101, ",\n\t")}}, over_addresses},
      {"101, semicolons", {{"From", addresses(101, ";")}}, over_addresses},
      {"101 in angles", {{"From", '<' + addresses(101, "><") + '>'}}, over_addresses},
      {"100 and 1 in two fields", {{"From", addresses(100)}, {"fRoM", "b@example.com"}}, over_addresses},
      {"one address 200 times",
       {{"From",
         [] {
           std::string text = "a@example.com";
           for (int i = 1; i < 200; ++i) text += ", a@example.com";
           return text;
         }()}},
       ""},
      {"101 @ in a comment and a phrase",
       {{"From", "\"" + std::string(60, '@') + "\" (" + std::string(60, '@') + ") <a@example.com>"}},
       ""},
      {"one address of 32 KB", {{"From", std::string(32768 - 10, 'a') + "@b.example"}}, ""},
      {"a byte more", {{"From", std::string(32768 - 9, 'a') + "@b.example"}}, over_bytes},
      {"two fields of 20 KB", {{"From", std::string(20000, ' ')}, {"From", std::string(20000, ' ')}}, over_bytes},
      {"To may be long", {{"To", addresses(3000)}, {"From", "a@example.com"}}, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    HeaderList headers;
    for (const auto& field : row.fields) REQUIRE(headers.receive(field.name, field.value));
    CHECK(over_from_limits(headers, {}) == row.want);
  }
}

TEST_CASE("from bound: the count of signs is never below what is found") {
  for (const std::string_view in : {"", "root", "<root>", "a b, c; d: e <f> g", "a@b", "a@b c@d", "a@b@c", "<a@b<c@d",
                                    "@r1,@r2:a@b", "a:b:c;d", "\"@\" <>", "a@", "@@@"}) {
    CAPTURE(in);
    CHECK(at_most_addresses(in) >= parse_address_list(in).size());
  }
}

TEST_CASE("address list: a repetition is left out wherever it stands") {
  std::string text = addresses(50);
  text += ", " + addresses(50);
  CHECK(parse_address_list(text).size() == 50);
}

class Peer {
 public:
  explicit Peer(const std::string& text, MilterLimits limits = {}) : engine(text), room(engine, limits) {
    session.emplace(room.door, engine.policy, room.traits());
    session->connect("client.example", IpAddress::parse("192.0.2.7"), 40000, macros);
    session->helo("client.example", macros);
  }
  ~Peer() { session.reset(); }

  static std::string words(const MilterAnswer& answer) {
    return answer.kind == MilterAnswer::Kind::go_on ? "ok" : answer.reply ? answer.reply->line(true) : "discard";
  }
  std::string mail(const std::string& sender) { return words(session->mail({sender}, macros)); }
  std::string rcpt(const std::string& recipient) { return words(session->rcpt({recipient}, macros)); }
  std::string end(const std::vector<HeaderField>& fields) {
    session->data(macros);
    for (const auto& field : fields) session->header(field.name, field.value);
    session->end_of_header(macros);
    return words(session->end_of_message(editor, macros));
  }
  std::string send(const std::vector<HeaderField>& fields) {
    REQUIRE(mail("<a@example.com>") == "ok");
    REQUIRE(rcpt("<b@example.net>") == "ok");
    return end(fields);
  }

  Engine engine;
  MacroMap macros;
  Editor editor;
  MilterRoom room;
  std::optional<MilterDoorSession> session;
};

const std::string denies = std::string(milter_only) + R"([[rule]]
name = "victims"
at = "end-of-message"
when = { from = "boss@victim.example" }
reject = "550 5.7.1 not yours"
)";

TEST_CASE("from bound: a deny holds for every address within the bound, and beyond it the message is refused") {
  const std::string victim = "boss@victim.example";
  struct Row {
    std::string_view in;
    std::vector<HeaderField> fields;
    std::string want;
  };
  const Row rows[] = {
      {"one", {{"From", victim}}, "550 5.7.1 not yours"},
      {"the last of 100", {{"From", addresses(99) + ", " + victim}}, "550 5.7.1 not yours"},
      {"in a second field", {{"From", addresses(50)}, {"From", victim}}, "550 5.7.1 not yours"},
      {"one of others", {{"From", addresses(99)}}, "ok"},
      {"the last of 101",
       {{"From", addresses(100) + ", " + victim}},
       "554 5.6.0 the From fields name more than 100 addresses"},
      {"behind 40 KB",
       {{"From", std::string(40000, ' ') + "x, " + victim}},
       "554 5.6.0 the From fields are longer than 32768 bytes"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    Peer peer(denies);
    CHECK(peer.send(row.fields) == row.want);
    const bool over = row.want.starts_with("554");
    const auto lines = peer.engine.log.of("message-over-bounds");
    REQUIRE(lines.size() == (over ? 1 : 0));
    if (over) CHECK(lines[0].find("reply=\"" + row.want + '"') != std::string::npos);
    if (row.want != "ok") CHECK(peer.engine.log.of("message").back().find("outcome=rejected") != std::string::npos);
    CHECK(peer.send({{"From", "a@example.com"}}) == "ok");  // the next message is not judged by this one
  }
}

TEST_CASE("from bound: it can be set") {
  MilterLimits limits;
  limits.from = {2, 100};
  Peer peer(denies, limits);
  CHECK(peer.send({{"From", "a@example.com, b@example.com"}}) == "ok");
  CHECK(peer.send({{"From", "a@example.com, b@example.com, c@example.com"}}) ==
        "554 5.6.0 the From fields name more than 2 addresses");
  CHECK(peer.send({{"From", std::string(101, 'a')}}) == "554 5.6.0 the From fields are longer than 100 bytes");
}

TEST_CASE("envelope bound: a text of more than 1,000 bytes is refused, and nothing is kept of it") {
  const std::string reads_rcpt = R"([[rule]]
name = "listed"
at = "rcpt"
when = { recipient = "boss@victim.example" }
reject = "550 5.7.1 not there"
)";
  const auto text = [](std::size_t size) { return '<' + std::string(size - 10, 'a') + "@d.example>"; };
  for (const bool listens : {true, false}) {
    CAPTURE(listens);
    Peer peer(listens ? std::string(milter_only) + reads_rcpt : denies);
    CHECK(peer.mail(text(1000)) == "ok");
    CHECK(peer.rcpt(text(1000)) == "ok");
    CHECK(peer.rcpt(text(1001)) == "501 5.1.3 the recipient address is longer than 1000 bytes");
    CHECK(peer.rcpt("<b@example.net>") == "ok");
    // An MTA that was not asked to wait for the answer at RCPT has not heard it.
    CHECK(peer.end({{"From", "a@example.com"}}) ==
          (listens ? "ok" : "501 5.1.3 the recipient address is longer than 1000 bytes"));
    CHECK(peer.mail(text(1001)) == "501 5.1.7 the sender address is longer than 1000 bytes");
    peer.session->helo(std::string(1001, 'h'), peer.macros);
    CHECK(peer.mail("<a@example.com>") == "501 5.5.4 the HELO name is longer than 1000 bytes");
    peer.session->helo(std::string(1000, 'h'), peer.macros);
    CHECK(peer.mail("<a@example.com>") == "ok");
  }
}

TEST_CASE("envelope bound: local mail is refused at its end, where the MTA can bounce it") {
  Peer peer(denies);
  peer.session->connect("localhost", IpAddress::parse("127.0.0.1"), 0, peer.macros);
  CHECK(peer.mail("<a@example.com>") == "ok");
  CHECK(peer.rcpt('<' + std::string(1001, 'a') + "@d.example>") == "ok");
  CHECK(peer.end({{"From", "a@example.com"}}) == "501 5.1.3 the recipient address is longer than 1000 bytes");
}

}  // namespace
}  // namespace mailweir
