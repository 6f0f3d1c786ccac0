// SPDX-License-Identifier: BSD-2-Clause
#include <random>

#include <doctest/doctest.h>

#include "libmilter_door/guard.h"
#include "milter_door/decode.h"
#include "milter_door/encode.h"
#include "milter_door/offer.h"

using namespace mailweir;
using namespace mailweir::milter;
using namespace std::string_view_literals;

namespace {

// A packet as it stands on the wire, its length put before it.
std::string wire(std::string_view kind_and_data) {
  std::string bytes(4, '\0');
  bytes[2] = static_cast<char>(kind_and_data.size() >> 8);
  bytes[3] = static_cast<char>(kind_and_data.size());
  return bytes.append(kind_and_data);
}

struct EventRow {
  Event event;
  std::string_view want;  // kind and data
};
const EventRow events[] = {
    {Options{.version = 6, .actions = 0x1ff, .steps = 0x1fffff}, "O\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"sv},
    {Macros{Command::connect, {{"j", "mx.example"}, {"{client_addr}", ""}}}, "DCj\0mx.example\0{client_addr}\0\0"sv},
    {Macros{Command::data, {}}, "DT"sv},
    {Connect{"host.example", Family::inet, 0x1234, "192.0.2.1"},
     "Chost.example\0"
     "4\x12\x34"
     "192.0.2.1\0"sv},
    {Connect{"[IPv6:2001:db8::1]", Family::inet6, 25, "2001:db8::1"},
     "C[IPv6:2001:db8::1]\0"
     "6\0\x19"
     "2001:db8::1\0"sv},
    {Connect{"localhost", Family::local, 0, "/run/s"}, "Clocalhost\0L\0\0/run/s\0"sv},
    {Connect{"unknown"}, "Cunknown\0U"sv},
    {Helo{"client.example"}, "Hclient.example\0"sv},
    {Helo{""}, "H\0"sv},
    {Mail{"<>"}, "M<>\0"sv},
    {Mail{"<a@example.com>", {"SIZE=10", "SMTPUTF8"}}, "M<a@example.com>\0SIZE=10\0SMTPUTF8\0"sv},
    {Rcpt{"<b@example.net>", {"NOTIFY=NEVER"}}, "R<b@example.net>\0NOTIFY=NEVER\0"sv},
    {Data{}, "T"sv},
    {Header{"Subject", " folded\n\tonce"}, "LSubject\0 folded\n\tonce\0"sv},
    {Header{"X-Empty", ""}, "LX-Empty\0\0"sv},
    {EndOfHeader{}, "N"sv},
    {Body{"one\r\n\0two"sv}, "Bone\r\n\0two"sv},
    {EndOfMessage{}, "E"sv},
    {EndOfMessage{"last"}, "Elast"sv},
    {Abort{}, "A"sv},
    {Quit{}, "Q"sv},
    {QuitForNewConnection{}, "K"sv},
    {UnknownCommand{"FOO bar"}, "UFOO bar\0"sv},
};

struct ResponseRow {
  Response response;
  std::string_view want;
};
const ResponseRow responses[] = {
    {Options{.version = 2,
             .actions = 0x11,
             .steps = 0,
             .macros = {{MacroStage::mail, "i {auth_authen}"}, {MacroStage::end_of_header, "i"}}},
     "O\0\0\0\2\0\0\0\x11\0\0\0\0"
     "\0\0\0\2i {auth_authen}\0"
     "\0\0\0\6i\0"sv},
    {Plain{Answer::go_on}, "c"sv},
    {Plain{Answer::accept}, "a"sv},
    {Plain{Answer::discard}, "d"sv},
    {Plain{Answer::reject}, "r"sv},
    {Plain{Answer::tempfail}, "t"sv},
    {Plain{Answer::skip}, "s"sv},
    {Plain{Answer::progress}, "p"sv},
    {Plain{Answer::shutdown}, "4"sv},
    {Plain{Answer::connection_failure}, "f"sv},
    {ReplyText{"550 5.7.1 no"}, "y550 5.7.1 no\0"sv},
    {AddRecipient{"<c@example.org>"}, "+<c@example.org>\0"sv},
    {AddRecipientWithParameters{"<c@example.org>"}, "2<c@example.org>\0"sv},
    {AddRecipientWithParameters{"<c@example.org>", "NOTIFY=NEVER"}, "2<c@example.org>\0NOTIFY=NEVER\0"sv},
    {DeleteRecipient{"<c@example.org>"}, "-<c@example.org>\0"sv},
    {ChangeSender{"<>"}, "e<>\0"sv},
    {ChangeSender{"<a@example.com>", "SIZE=1"}, "e<a@example.com>\0SIZE=1\0"sv},
    {AddHeader{"X-A", "b"}, "hX-A\0b\0"sv},
    {InsertHeader{0, "DKIM-Signature", "v=1"}, "i\0\0\0\0DKIM-Signature\0v=1\0"sv},
    {ChangeHeader{258, "Received", ""}, "m\0\0\1\2Received\0\0"sv},
    {ReplaceBody{"new"}, "bnew"sv},
    {Quarantine{"looks odd"}, "qlooks odd\0"sv},
};

std::optional<Packet> only_packet(Reader& reader, std::string_view bytes) {
  auto packet = reader.next(bytes);
  REQUIRE(packet);
  return *packet;
}

}  // namespace

TEST_CASE("milter codec: events and bytes, both ways") {
  for (const auto& row : events) {
    CAPTURE(std::string(row.want));
    std::string bytes;
    REQUIRE(append_event(bytes, row.event));
    CHECK(bytes == wire(row.want));
    Reader reader;
    const auto packet = only_packet(reader, bytes);
    REQUIRE(packet);
    const auto back = decode_event(*packet);
    REQUIRE(back);
    CHECK((*back == row.event));
    CHECK(reader.pending() == 0);
  }
}

TEST_CASE("milter codec: responses and bytes, both ways") {
  for (const auto& row : responses) {
    CAPTURE(std::string(row.want));
    std::string bytes;
    REQUIRE(append_response(bytes, row.response));
    CHECK(bytes == wire(row.want));
    Reader reader;
    const auto packet = only_packet(reader, bytes);
    REQUIRE(packet);
    const auto back = decode_response(*packet);
    REQUIRE(back);
    CHECK((*back == row.response));
  }
}

TEST_CASE("milter codec: malformed packets are errors that say why") {
  struct Row {
    std::string_view bytes;
    const char* want;
  };
  const Row from_mta[] = {
      {"O\0\0\0\6\0\0\1\xff"sv, "cut short"},
      {"O\0\0\0\1\0\0\0\0\0\0\0\0"sv, "version 1"},
      {"O\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\7i\0"sv, "unknown stage 7"},
      {"O\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\1i"sv, "cut short"},
      {"D"sv, "cut short"},
      {"D!i\0q\0"sv, "unknown command '!'"},
      {"DMi\0"sv, "without a value"},
      {"DMi\0value"sv, "cut short"},
      {"Chost"sv, "cut short"},
      {"Chost\0"sv, "cut short"},
      {"Chost\0X\0\0a\0"sv, "address family 'X'"},
      {"Chost\0"
       "4\0"sv,
       "cut short"},
      {"Chost\0"
       "4\0\0"
       "192.0.2.1"sv,
       "cut short"},
      {"Chost\0"
       "4\0\0"
       "192.0.2.1\0more"sv,
       "left over"},
      {"Hname"sv, "cut short"},
      {"Hname\0more\0"sv, "left over"},
      {"M"sv, "cut short"},
      {"M<a@b>\0SIZE=1"sv, "cut short"},
      {"Tx"sv, "left over"},
      {"LName\0"sv, "cut short"},
      {"LName\0value\0more"sv, "left over"},
      {"Nx"sv, "left over"},
      {"A\0"sv, "left over"},
      {"Zwhat"sv, "'Z': is not a command"},
      {"\x01"sv, "1: is not a command"},
  };
  for (const auto& row : from_mta) {
    CAPTURE(std::string(row.bytes));
    const auto got = decode_event(Packet{row.bytes[0], row.bytes.substr(1)});
    REQUIRE_FALSE(got);
    CHECK(got.error().what.find(row.want) != std::string::npos);
  }
  const Row from_filter[] = {
      {"cx"sv, "left over"},       {"y550 no"sv, "cut short"},         {"hName\0value"sv, "cut short"},
      {"i\0\0\0"sv, "cut short"},  {"m\0\0\0\1Name\0"sv, "cut short"}, {"e<>\0a\0b\0"sv, "left over"},
      {"lx\0"sv, "not an answer"}, {"C"sv, "not an answer"},
  };
  for (const auto& row : from_filter) {
    CAPTURE(std::string(row.bytes));
    const auto got = decode_response(Packet{row.bytes[0], row.bytes.substr(1)});
    REQUIRE_FALSE(got);
    CHECK(got.error().what.find(row.want) != std::string::npos);
  }
  const std::string nothing_but_nul(100'000, '\0');
  CHECK_FALSE(decode_event(Packet{'M', nothing_but_nul}));
}

TEST_CASE("milter codec: every cut of every packet waits, or is an error") {
  for (const auto& row : events) {
    const auto bytes = wire(row.want);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CAPTURE(std::string(row.want));
      CAPTURE(size);
      Reader reader;
      CHECK_FALSE(only_packet(reader, std::string_view(bytes).substr(0, size)).has_value());
      const auto whole = only_packet(reader, std::string_view(bytes).substr(size));
      REQUIRE(whole);
      CHECK(decode_event(*whole));
    }
    // The same, cut inside an honest length: decodes to less, or fails, but reads nothing beyond.
    for (std::size_t size = 0; size + 1 < row.want.size(); ++size) {
      const std::string data(row.want.substr(1, size));
      const auto got = decode_event(Packet{row.want[0], data});
      if (got) CHECK_FALSE((*got == row.event));
    }
  }
}

TEST_CASE("milter codec: the reader takes any slicing and stops at a broken stream") {
  std::string stream;
  for (const auto& row : events) REQUIRE(append_event(stream, row.event));
  for (const std::size_t slice : {1, 2, 3, 7, 64, 4096}) {
    CAPTURE(slice);
    Reader reader;
    std::size_t seen = 0;
    for (std::size_t at = 0; at < stream.size(); at += slice) {
      auto bytes = std::string_view(stream).substr(at, slice);
      for (;;) {
        const auto packet = reader.next(bytes);
        REQUIRE(packet);
        if (!*packet) break;
        const auto event = decode_event(**packet);
        REQUIRE(event);
        REQUIRE(seen < std::size(events));
        CHECK((*event == events[seen++].event));
      }
    }
    CHECK(seen == std::size(events));
    CHECK(reader.pending() == 0);
  }
  for (auto broken : {"\0\0\0\0"sv,
                      "\xff\xff\xff\xff"
                      "B"sv,
                      "\0\0\0\x12"sv}) {
    Reader reader(16);
    CHECK_FALSE(reader.next(broken));
    const std::string good = wire("Q");
    std::string_view more = good;
    CHECK_FALSE(reader.next(more));
  }
  Reader at_the_limit(16);
  const std::string longest = wire("B0123456789abcdef");
  std::string_view bytes = longest;
  CHECK(at_the_limit.next(bytes));
}

TEST_CASE("milter codec: what cannot be written is refused and leaves nothing behind") {
  const std::string long_text(longest_data + 1, 'x');
  const Event bad_events[] = {Helo{"a\0b"sv}, Mail{"<a@b>", {"SIZE\0"sv}}, Header{"A", long_text}, Body{long_text},
                              Macros{Command::mail, {{"i", "\0"sv}}}};
  for (const auto& event : bad_events) {
    CAPTURE(event.index());
    std::string out = "before";
    CHECK_FALSE(append_event(out, event));
    CHECK(out == "before");
  }
  const Response bad_responses[] = {ReplyText{"550 a\0b"sv}, Plain{Answer::reply}, Plain{Answer::options},
                                    InsertHeader{0, "A", long_text}};
  for (const auto& response : bad_responses) {
    CAPTURE(response.index());
    std::string out;
    CHECK_FALSE(append_response(out, response));
    CHECK(out.empty());
  }
  std::string out;
  CHECK(append_event(out, Body{std::string_view(long_text).substr(1)}));
}

TEST_CASE("milter codec: random bytes are read or refused") {
  std::mt19937 random(8);
  std::size_t read = 0, refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string data(random() % 64, '\0');
    for (auto& byte : data) byte = random() % 3 == 0 ? '\0' : static_cast<char>(random());
    const auto kinds = "ABCDEHKLMNOQRTU+-24abcdefhimpqrsty"sv;
    const Packet packet{round % 8 == 0 ? static_cast<char>(random()) : kinds[random() % kinds.size()], data};
    for (const bool got : {static_cast<bool>(decode_event(packet)), static_cast<bool>(decode_response(packet))})
      ++(got ? read : refused);
    Reader reader(1024);
    std::string_view rest = data;
    for (;;) {
      const auto next = reader.next(rest);
      if (!next || !*next) break;
    }
  }
  CHECK(read > 100);
  CHECK(refused > 100);
}

TEST_CASE("milter codec: negotiation") {
  const Options offered{.version = 6, .actions = action::all, .steps = step::no_helo | step::silent_header};
  const Options wanted{.actions = action::add_headers,
                       .steps = step::silent_header | step::skip,
                       .macros = {{MacroStage::connect, "j {client_addr}"}}};
  const auto answer = agree(offered, wanted);
  REQUIRE(answer);
  CHECK(answer->steps == step::silent_header);
  CHECK(answer->macros == wanted.macros);
  CHECK(check_answer(offered, *answer));

  const Options old{.version = 2, .actions = 0x3f, .steps = 0x7f};
  const auto to_old = agree(old, wanted);
  REQUIRE(to_old);
  CHECK(to_old->version == 2);
  CHECK(to_old->macros.empty());
  CHECK(check_answer(old, *to_old));

  const auto refused =
      agree(Options{.actions = 0x0f}, Options{.actions = action::change_headers | action::change_sender});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.find("0x50") != std::string::npos);
  CHECK_FALSE(check_answer(old, Options{.version = 6}));
  CHECK_FALSE(check_answer(old, Options{.version = 2, .actions = action::set_macros}));
  CHECK_FALSE(check_answer(old, Options{.version = 2, .steps = step::skip}));
}

TEST_CASE("libmilter is given macro packets of pairs only") {
  struct Row {
    std::string_view in;  // after the 'D'
    bool want;
  };
  const Row rows[] = {
      {"C"sv, true},
      {"Cj\0mx.example\0"sv, true},
      {"Cj\0mx.example\0{client_addr}\0\0"sv, true},
      {"Ci\0\0"sv, true},
      {"Cj\0"sv, false},
      {"Cj\0mx.example\0v\0"sv, false},
      {"C\0"sv, false},
      {"Cj\0mx.example"sv, false},
      {"Cj"sv, false},
      {""sv, false},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.in));
    CHECK(good_macro_packet(row.in) == row.want);
  }
}
