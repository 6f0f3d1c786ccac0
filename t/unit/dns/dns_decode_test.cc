// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/dns/dns_decode.h"

#include <doctest/doctest.h>

#include "../fixture/dns_packet.h"

using namespace mailweir;
using namespace mailweir::test;
using dns::Question;
using dns::Type;

namespace {

constexpr unsigned A = 1, NS = 2, CNAME = 5, PTR = 12, MX = 15, TXT = 16, AAAA = 28, OPT = 41;
const std::string four("\xc0\x00\x02\x01", 4);

// a.b.c... of exactly 255 octets on the wire, the longest name there is (RFC 1035 2.3.4).
std::string longest_name() {
  const std::string label63(63, 'x');
  return label63 + '.' + label63 + '.' + label63 + '.' + std::string(61, 'y');
}

std::string opt(unsigned extended) { return name("") + u16(OPT) + u16(1232) + u32(extended << 24) + u16(0); }

struct Row {
  const char* label;
  Question question;
  Reply reply;
  std::string want;
  int ttl = 0;
};

}  // namespace

TEST_CASE("decode: what servers say") {
  const Question a{"host.example", Type::A}, mx{"host.example", Type::MX}, ptr{"1.2.0.192.in-addr.arpa", Type::PTR},
      txt{"host.example", Type::TXT};
  const Row rows[] = {
      {"an address", a, Reply().answer(record(asked, A, 60, four)), "ok 192.0.2.1", 60},
      {"ipv6",
       {"host.example", Type::AAAA},
       Reply().answer(record(asked, AAAA, 60, std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16))),
       "ok 2001:db8::1",
       60},
      {"the least ttl", a, Reply().answer(record(asked, A, 60, four)).answer(record(asked, A, 30, four)),
       "ok 192.0.2.1 192.0.2.1", 30},
      {"a ttl with its first bit set is 0", a, Reply().answer(record(asked, A, 0x80000001, four)), "ok 192.0.2.1", 0},
      {"owner in capitals", a, Reply().answer(record(name("HOST.Example"), A, 60, four)), "ok 192.0.2.1", 60},
      {"another's record", a, Reply().answer(record(name("evil.example"), A, 60, four)), "nodata", 0},
      {"cname", a,
       Reply().answer(record(asked, CNAME, 50, name("T.example"))).answer(record(name("t.example"), A, 60, four)),
       "ok 192.0.2.1", 50},
      {"cname behind its target", a,
       Reply().answer(record(name("t.example"), A, 60, four)).answer(record(asked, CNAME, 50, name("t.example"))),
       "ok 192.0.2.1", 50},
      {"cname to nothing", a,
       Reply{recursion | no_such_name, {}, {}, {}}
           .answer(record(asked, CNAME, 50, name("t.example")))
           .authority(soa(90, 40)),
       "nxdomain", 40},
      {"mx", mx, Reply().answer(record(asked, MX, 60, u16(10) + name("MX.example"))), "ok 10:mx.example", 60},
      {"null mx", mx, Reply().answer(record(asked, MX, 60, u16(0) + name(""))), "ok 0:.", 60},
      {"ptr", ptr, Reply().answer(record(asked, PTR, 60, name("mx.example"))), "ok mx.example", 60},
      {"strings are joined", txt, Reply().answer(record(asked, TXT, 60, label("v=spf1 ") + label("-all"))),
       "ok v=spf1 -all", 60},
      {"a text without strings (RFC 7208's suite has one)", txt, Reply().answer(record(asked, TXT, 60, "")), "ok .",
       60},
      {"beside another", txt,
       Reply().answer(record(asked, TXT, 60, label("v=spf1 -all"))).answer(record(asked, TXT, 60, "")),
       "ok v=spf1 -all .", 60},
      {"nxdomain, its time from the SOA", a, Reply{recursion | no_such_name, {}, {}, {}}.authority(soa(90, 40)),
       "nxdomain", 40},
      {"nodata", a, Reply().authority(soa(30, 40)), "nodata", 30},
      {"nodata without SOA, from a resolver", a, Reply(), "nodata", 0},
      {"nodata, authoritative", a, Reply{authoritative, {}, {}, {}}, "nodata", 0},
      {"referral", a, Reply{0, {}, {}, {}}.authority(record(name("example"), NS, 60, name("ns.example"))),
       "temperror the server sent a referral: it does not resolve for us"},
      {"cname out of the server's zones", a,
       Reply{authoritative, {}, {}, {}}.answer(record(asked, CNAME, 50, name("t.test"))),
       "temperror the server sent a referral: it does not resolve for us", 50},
      {"servfail", a, Reply{recursion | servfail, {}, {}, {}}, "temperror SERVFAIL"},
      {"refused", a, Reply{refused, {}, {}, {}}, "temperror REFUSED"},
      {"an unknown rcode", a, Reply{11, {}, {}, {}}, "temperror RCODE 11"},
      {"badvers stands in OPT", a, Reply().additional(opt(1)), "temperror RCODE 16"},
      {"edns, no error", a, Reply().answer(record(asked, A, 60, four)).additional(opt(0)), "ok 192.0.2.1", 60},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    const auto message = row.reply.to(row.question);
    const auto answer = decode_answer(row.question, as_bytes(message));
    CHECK(shown(answer) == row.want);
    CHECK(answer.ttl.count() == row.ttl);
  }
}

TEST_CASE("decode: an alias that comes alone is to be asked") {
  const Question a{"host.example", Type::A};
  const auto alias = record(asked, CNAME, 50, name("T.test"));
  struct Alone {
    const char* label;
    Reply reply;
    std::string want;  // the name
  };
  const Alone rows[] = {
      {"from the zone's server", Reply{authoritative, {}, {}, {}}.answer(alias), "t.test"},
      {"from a resolver", Reply().answer(alias), "t.test"},
      {"two in a row", Reply().answer(alias).answer(record(name("t.test"), CNAME, 40, name("u.test"))), "u.test"},
      {"with what it points to", Reply().answer(alias).answer(record(name("t.test"), A, 60, four)), ""},
      {"with the SOA: there is nothing", Reply().answer(alias).authority(soa(90, 40)), ""},
      {"to what does not exist", Reply{recursion | no_such_name, {}, {}, {}}.answer(alias), ""},
      {"nothing at all", Reply(), ""},
      {"of another name", Reply().answer(record(name("evil.example"), CNAME, 50, name("t.test"))), ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    const auto message = row.reply.to(a);
    CHECK(decode_message(a, as_bytes(message)).alias == row.want);
  }
}

TEST_CASE("decode: hostile answers") {
  const Question a{"host.example", Type::A}, mx{"host.example", Type::MX}, ptr{"1.2.0.192.in-addr.arpa", Type::PTR},
      txt{"host.example", Type::TXT};
  const auto longest = longest_name();
  const std::string too_long = name(longest).substr(0, 254) + label("z") + '\0';
  const Row rows[] = {
      {"cname to itself", a, Reply().answer(record(asked, CNAME, 50, asked)),
       "temperror CNAME loop, or more than 16 in a row"},
      {"cname loop of two", a,
       Reply().answer(record(asked, CNAME, 50, name("t.example"))).answer(record(name("t.example"), CNAME, 50, asked)),
       "temperror CNAME loop, or more than 16 in a row"},
      {"a short address", a, Reply().answer(record(asked, A, 60, "abc")), "temperror malformed answer"},
      {"a long address", a, Reply().answer(record(asked, A, 60, "abcde")), "temperror malformed answer"},
      {"mx without a host", mx, Reply().answer(record(asked, MX, 60, u16(10))), "temperror malformed answer"},
      {"mx with something behind it", mx, Reply().answer(record(asked, MX, 60, u16(10) + name("a.example") + "x")),
       "temperror malformed answer"},
      {"a txt length beyond its data", txt, Reply().answer(record(asked, TXT, 60, "\x09short")),
       "temperror malformed answer"},
      {"a pointer to itself", ptr, Reply().answer(record(asked, PTR, 60, pointer(0xffff & (12 + 24 + 4 + 12)))),
       "temperror malformed answer"},
      {"a pointer behind the end", ptr, Reply().answer(record(asked, PTR, 60, pointer(0x3fff))),
       "temperror malformed answer"},
      {"NUL in a name", ptr,
       Reply().answer(record(asked, PTR, 60, label(std::string_view("a\0b", 3)) + name("example"))),
       "ok a\\000b.example", 60},
      {"a dot inside a label", ptr, Reply().answer(record(asked, PTR, 60, label("a.b") + name("example"))),
       "ok a\\.b.example", 60},
      {"line ends, blanks, 8-bit, a backslash", ptr,
       Reply().answer(record(asked, PTR, 60, label("\r\n \xff\\") + name("example"))),
       "ok \\013\\010\\032\\255\\\\.example", 60},
      {"bytes that only master files quote", ptr,
       Reply().answer(record(asked, PTR, 60, label("a(@;$)\"") + name("example"))), "ok a(@;$)\".example", 60},
      {"255 octets", ptr, Reply().answer(record(asked, PTR, 60, name(longest))), "ok " + longest, 60},
      {"256 octets", ptr, Reply().answer(record(asked, PTR, 60, too_long)), "temperror malformed answer"},
      {"the query, sent back", a, Reply{is_reply, {}, {}, {}}, "temperror malformed answer"},
      {"more records promised than there are", a, Reply{recursion, {}, {}, {}, 9}, "temperror malformed answer"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    const auto message = row.reply.to(row.question);
    const auto answer = decode_answer(row.question, as_bytes(message));
    CHECK(shown(answer) == row.want);
    CHECK(answer.ttl.count() == row.ttl);
  }
  CHECK(longest.size() == 253);
  CHECK(dns::is_askable(longest));
  CHECK_FALSE(dns::is_askable("a\\000b.example"));
  CHECK_FALSE(dns::is_askable("a\\.b.example"));
  CHECK(dns::is_askable("a(@;$)\".example"));
}

TEST_CASE("decode: large answers are bounded") {
  const Question mx{"host.example", Type::MX}, txt{"host.example", Type::TXT}, a{"host.example", Type::A};
  Reply thousand;
  for (unsigned i = 0; i < 1000; ++i)
    thousand.answer(record(asked, MX, 60, u16(i) + label("mx" + std::to_string(i)) + asked));
  const auto exchanges = decode_answer(mx, as_bytes(thousand.to(mx)));
  CHECK(exchanges.status == dns::Answer::Status::ok);
  CHECK(exchanges.records.size() == most_records);
  CHECK(exchanges.records.back().text == "mx499.host.example");
  CHECK(exchanges.detail == "more than 500 records, the rest left out");

  std::string strings;
  for (int i = 0; i < 254; ++i) strings += label(std::string(255, 'x'));
  const auto text = decode_answer(txt, as_bytes(Reply().answer(record(asked, TXT, 60, strings)).to(txt)));
  REQUIRE(text.records.size() == 1);
  CHECK(text.records[0].text == std::string(254 * 255, 'x'));

  Reply chain;  // a chain as long as a message holds
  for (unsigned i = 0; i < 2000; ++i)
    chain.answer(record(i == 0 ? asked : name("a" + std::to_string(i)), CNAME, 60, name("a" + std::to_string(i + 1))));
  CHECK(shown(decode_answer(a, as_bytes(chain.to(a)))) == "temperror CNAME loop, or more than 16 in a row");
}

TEST_CASE("decode: every cut and every changed byte of a message ends in a word") {
  const Question mx{"host.example", Type::MX};
  const auto whole = Reply()
                         .answer(record(asked, CNAME, 50, name("t.example")))
                         .answer(record(name("t.example"), MX, 60, u16(10) + label("mx") + asked))
                         .authority(soa(60, 60))
                         .additional(opt(0))
                         .to(mx);
  CHECK(shown(decode_answer(mx, as_bytes(whole))) == "ok 10:mx.host.example");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    const std::string cut = whole.substr(0, length);  // its own allocation: a read beyond it is seen by the sanitizer
    CHECK(shown(decode_answer(mx, as_bytes(cut))) == "temperror malformed answer");
  }
  int understood = 0;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[at] = static_cast<char>(byte);
      const auto answer = decode_answer(mx, as_bytes(changed));
      understood += answer.status == dns::Answer::Status::ok;
      for (const auto& each : answer.records) REQUIRE(each.text.size() <= 1024);
    }
  CHECK(understood > 256);
}
