// SPDX-License-Identifier: BSD-2-Clause
// Block lists in the DNS: names to ask, codes, answers, and the proof by RFC 5782's test points.
#include <doctest/doctest.h>

#include "../fixture/dns_fixture.h"
#include "check/dnsbl.h"

namespace mailweir {
namespace {

using test::lookups_in;
using test::zone;

DnsblList list_of(DnsblKind kind, const std::vector<std::string>& codes = {}) {
  DnsblList list;
  list.name = "bl";
  list.zone = "bl.example";
  list.kind = kind;
  for (const auto& text : codes) {
    const auto code = parse_dnsbl_code(text);
    REQUIRE(static_cast<bool>(code));
    list.codes.push_back(*code);
  }
  return list;
}

TEST_CASE("dnsbl: the name to ask") {
  CHECK(dnsbl_name(*IpAddress::parse("192.0.2.7"), "zen.example") == "7.2.0.192.zen.example");
  CHECK(dnsbl_name(*IpAddress::parse("::ffff:192.0.2.7"), "zen.example") == "7.2.0.192.zen.example");
  CHECK(dnsbl_name(*IpAddress::parse("2001:db8::567:89ab"), "bl.example") ==
        "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example");
  CHECK(dnsbl_name(std::string_view("Spam.Example."), "dbl.example") == "spam.example.dbl.example");
  CHECK(dnsbl_name(std::string_view(), "dbl.example").empty());
  // A name and a zone that are too long together cannot be listed.
  const std::string longest(253 - 12, 'a');
  CHECK(dnsbl_name(longest, "dbl.example").size() == 253);
  CHECK(dnsbl_name(longest + 'a', "dbl.example").empty());
  // The longest zone that an IPv6 address fits before.
  CHECK(dnsbl_name(*IpAddress::parse("2001:db8::1"), std::string(longest_dnsbl_zone, 'z')).size() == 253);
}

TEST_CASE("dnsbl: codes") {
  struct Row {
    std::string_view text;
    bool good;
    std::string_view has, lacks;
  };
  const Row rows[] = {
      {.text = "127.0.0.2", .good = true, .has = "127.0.0.2", .lacks = "127.0.0.3"},
      {.text = "127.0.0.2-127.0.0.11", .good = true, .has = "127.0.0.11", .lacks = "127.0.0.12"},
      {.text = "127.0.0.0/28", .good = true, .has = "127.0.0.15", .lacks = "127.0.0.16"},
      {.text = "127.0.1.0/24", .good = true, .has = "127.0.1.255", .lacks = "127.0.0.255"},
      {.text = "127.0.0.0&8", .good = true, .has = "127.0.0.12", .lacks = "127.0.0.6"},
      {.text = "127.0.0.0&12", .good = true, .has = "127.0.0.4", .lacks = "127.0.0.3"},
      {.text = "127.0.0.0&8", .good = true, .has = "127.0.0.8", .lacks = "127.0.1.8"},
      {.text = "127.0.0.1&8", .good = false, .has = "", .lacks = ""},
      {.text = "127.0.0.0&0", .good = false, .has = "", .lacks = ""},
      {.text = "127.0.0.0&256", .good = false, .has = "", .lacks = ""},
      {.text = "127.0.0.9-127.0.0.2", .good = false, .has = "", .lacks = ""},
      {.text = "127.0.0.2-11", .good = false, .has = "", .lacks = ""},
      {.text = "127.0.0.1/24", .good = false, .has = "", .lacks = ""},
      {.text = "192.0.2.1", .good = false, .has = "", .lacks = ""},
      {.text = "127.0.0.0/8", .good = false, .has = "", .lacks = ""},  // touches the errors
      {.text = "127.255.255.254", .good = false, .has = "", .lacks = ""},
      {.text = "126.0.0.0-127.0.0.4", .good = false, .has = "", .lacks = ""},
      {.text = "::1", .good = false, .has = "", .lacks = ""},
      {.text = "", .good = false, .has = "", .lacks = ""},
      {.text = "2", .good = false, .has = "", .lacks = ""},
  };
  const auto number = [](std::string_view text) {
    const auto bytes = IpAddress::parse(text)->bytes();
    return std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16 | std::uint32_t{bytes[14]} << 8 | bytes[15];
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto code = parse_dnsbl_code(row.text);
    CHECK(static_cast<bool>(code) == row.good);
    if (!code) {
      CHECK_FALSE(code.error().what.empty());
      continue;
    }
    CHECK(code->has(number(row.has)));
    CHECK_FALSE(code->has(number(row.lacks)));
  }
}

TEST_CASE("dnsbl: what an answer means") {
  struct Row {
    std::string_view records;  // of x.bl.example
    std::vector<std::string> codes;
    DnsblWord want;
    std::string_view detail;
  };
  const Row rows[] = {
      {.records = "A 127.0.0.2", .codes = {}, .want = DnsblWord::listed, .detail = "127.0.0.2"},
      {.records = "A 127.0.0.2|A 127.0.0.10",
       .codes = {},
       .want = DnsblWord::listed,
       .detail = "127.0.0.2, 127.0.0.10"},
      {.records = "TXT \"nothing\"", .codes = {}, .want = DnsblWord::not_listed, .detail = ""},
      {.records = "", .codes = {}, .want = DnsblWord::not_listed, .detail = ""},
      {.records = "A 127.0.0.10",
       .codes = {"127.0.0.2-127.0.0.4"},
       .want = DnsblWord::error,
       .detail = "not one of its codes"},
      {.records = "A 127.0.0.10|A 127.0.0.4",
       .codes = {"127.0.0.2-127.0.0.4"},
       .want = DnsblWord::listed,
       .detail = "127.0.0.4"},
      {.records = "A 127.0.0.12", .codes = {"127.0.0.0&8"}, .want = DnsblWord::listed, .detail = "127.0.0.12"},
      {.records = "A 127.255.255.254", .codes = {}, .want = DnsblWord::error, .detail = "refuses the query"},
      {.records = "A 127.255.255.254|A 127.0.0.2", .codes = {}, .want = DnsblWord::listed, .detail = "127.0.0.2"},
      {.records = "A 203.0.113.5", .codes = {}, .want = DnsblWord::error, .detail = "not one that a DNSBL gives"},
      {.records = "SERVFAIL", .codes = {}, .want = DnsblWord::error, .detail = "SERVFAIL"},
      {.records = "TIMEOUT", .codes = {}, .want = DnsblWord::error, .detail = "timeout"},
      {.records = "CNAME y.bl.example\ny.bl.example A 127.0.0.9",
       .codes = {},
       .want = DnsblWord::listed,
       .detail = "127.0.0.9"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.records);
    std::string text(row.records.empty() ? "" : "x.bl.example ");
    for (const char c : row.records) text += c == '|' ? "\nx.bl.example " : std::string(1, c);
    const auto resolver = zone(text);
    const auto lookups = lookups_in(*resolver);
    const auto read =
        read_dnsbl_answer(lookups->get({"x.bl.example", dns::Type::A}), list_of(DnsblKind::address, row.codes));
    CHECK(read.word == row.want);
    CHECK(read.detail.find(row.detail) != std::string::npos);
  }
}

TEST_CASE("dnsbl: a thousand answers are told in one short line") {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "x.bl.example A 127.0." + std::to_string(i / 250) + '.' + std::to_string(2 + i % 250) + '\n';
  const auto resolver = zone(text);
  const auto read =
      read_dnsbl_answer(lookups_in(*resolver)->get({"x.bl.example", dns::Type::A}), list_of(DnsblKind::address));
  CHECK(read.word == DnsblWord::listed);
  CHECK(read.detail.size() < 120);
}

TEST_CASE("dnsbl: the zone's text is cleaned") {
  const auto resolver = zone("x.bl.example TXT \"listed\\010\\013see \\000 https://bl.example\"\n");
  const auto text = dnsbl_text(*lookups_in(*resolver), "x.bl.example");
  CHECK(text.find("listed") == 0);
  for (const char c : text) CHECK(static_cast<unsigned char>(c) >= ' ');
  CHECK(dnsbl_text(*lookups_in(*resolver), "y.bl.example").empty());
}

TEST_CASE("dnsbl: the proof") {
  const std::string v6 = ".0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.example A 127.0.0.2\n";
  struct Row {
    std::string_view why;
    DnsblKind kind;
    std::string text;
    DnsblProof::Word want;
    bool ipv4, ipv6, domains;
    std::string_view reason;
  };
  using Word = DnsblProof::Word;
  const Row rows[] = {
      {"both families", DnsblKind::address, "2.0.0.127.bl.example A 127.0.0.2\n2" + v6, Word::good, true, true, false,
       ""},
      {"IPv4 alone", DnsblKind::address, "2.0.0.127.bl.example A 127.0.0.4\n", Word::good, true, false, false, ""},
      {"IPv6 alone", DnsblKind::address, "2" + v6, Word::good, false, true, false, ""},
      {"domains", DnsblKind::domain, "test.bl.example A 127.0.1.2\n", Word::good, false, false, true, ""},
      {"nothing", DnsblKind::address, "", Word::lies, false, false, false, "lists nothing"},
      {"nothing, domains", DnsblKind::domain, "", Word::lies, false, false, false, "lists nothing"},
      {"everything", DnsblKind::address, "*.bl.example A 127.0.0.2\n", Word::lies, false, false, false,
       "lists everything"},
      {"everything, domains", DnsblKind::domain, "*.bl.example A 127.0.0.2\n", Word::lies, false, false, false,
       "lists everything"},
      {"a parked domain", DnsblKind::address, "*.bl.example A 203.0.113.7\n", Word::lies, false, false, false,
       "203.0.113.7"},
      {"everything of IPv6", DnsblKind::address, "2.0.0.127.bl.example A 127.0.0.2\n2" + v6 + "1" + v6, Word::lies,
       false, false, false, "::FFFF:7F00:1"},
      {"SERVFAIL", DnsblKind::address, "*.bl.example SERVFAIL\n", Word::trouble, false, false, false, "SERVFAIL"},
      {"SERVFAIL of one", DnsblKind::address, "2.0.0.127.bl.example SERVFAIL\n", Word::trouble, false, false, false,
       "127.0.0.2: SERVFAIL"},
      {"silence", DnsblKind::domain, "*.bl.example TIMEOUT\n", Word::trouble, false, false, false, "timeout"},
      {"it refuses this resolver", DnsblKind::address, "*.bl.example A 127.255.255.254\n", Word::trouble, false, false,
       false, "refuses the query"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    const auto resolver = zone(row.text);
    // Codes say what counts, not whether the zone lives: the test points may answer otherwise.
    for (const auto& codes : {std::vector<std::string>{}, std::vector<std::string>{"127.0.0.77"}}) {
      const auto proof = prove_dnsbl(*lookups_in(*resolver), list_of(row.kind, codes));
      CHECK(static_cast<int>(proof.word) == static_cast<int>(row.want));
      CHECK(proof.ipv4 == row.ipv4);
      CHECK(proof.ipv6 == row.ipv6);
      CHECK(proof.domains == row.domains);
      CAPTURE(proof.reason);
      CHECK(proof.reason.find(row.reason) != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace mailweir
