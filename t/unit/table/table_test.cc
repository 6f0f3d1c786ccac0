// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "adapter/table/table.h"
#include "adapter/table/table_key.h"

using namespace mailweir;

namespace {

TablePtr table_of(const std::vector<TableEntry>& entries, TableKind kind = TableKind::map) {
  const auto made = make_table(entries, kind);
  for (const auto& fault : made.faults) FAIL_CHECK(fault.what);
  REQUIRE(made.table);
  return made.table;
}

std::string or_none(const Found& value) { return value ? std::string(*value) : "none"; }

}  // namespace

TEST_CASE("table keys: one spelling, and errors that say what was meant") {
  struct Row {
    std::string in;
    const char *want, *error;
  };
  const Row rows[] = {
      {"192.0.2.1", "net 192.0.2.1/32", nullptr},
      {"192.0.2.0/24", "net 192.0.2.0/24", nullptr},
      {"0.0.0.0/0", "net 0.0.0.0/0", nullptr},
      {"2001:DB8::/32", "net 2001:db8::/32", nullptr},
      {"[2001:db8::]/32", "net 2001:db8::/32", nullptr},
      {"[::1]", "net ::1/128", nullptr},
      {"::ffff:192.0.2.0/120", "net 192.0.2.0/24", nullptr},
      {"User+Tag@Example.COM.", "user+tag@example.com", nullptr},
      {"<u@example.com>", "u@example.com", nullptr},
      {"\"odd one\"@example.com", "odd one@example.com", nullptr},
      {"u@b\xc3\xbc"
       "cher.example",
       "u@xn--bcher-kva.example", nullptr},
      {"u@[192.0.2.1]", "u@[192.0.2.1]", nullptr},
      {"Abuse@", "abuse@", nullptr},
      {"<>", "", nullptr},
      {"Example.COM", "example.com", nullptr},
      {"@Example.COM", "example.com", nullptr},
      {".B\xc3\xbc"
       "cher.example",
       ".xn--bcher-kva.example", nullptr},
      {".Example.com.", ".example.com", nullptr},
      {"Alice", "alice", nullptr},
      {"\"Two Words\"", "two words", nullptr},
      {"j\xc3\xbcrgen", "j\xc3\xbcrgen", nullptr},
      {"12345", "12345", nullptr},
      {"host/alice", "host/alice", nullptr},
      {"192.0.2.1/24", nullptr, "host bits are set; write 192.0.2.0/24"},
      {"2001:db8::1/64", nullptr, "host bits are set; write 2001:db8::/64"},
      {"192.0.2.0/33", nullptr, "/33 is out of range: 0 to 32"},
      {"::ffff:192.0.2.0/24", nullptr, "out of range: 96 to 128"},
      {"192.0.2.7/255.255.255.0", nullptr, "host bits are set; write 192.0.2.0/24"},
      {"192.0.2.0/255.100.10.1", nullptr, "the netmask 255.100.10.1 is not contiguous"},
      {"192.0.2.0/0.0.0.255", nullptr, "the netmask 0.0.0.255 is not contiguous"},
      {"192.0.2.0/2x", nullptr, "after the / is not a number of bits"},
      {"192.0.2/24", nullptr, "write 192.0.2.0/24"},
      {"10/8", nullptr, "write 10.0.0.0/8"},
      {"192.0.2.300/24", nullptr, "is not an IP address"},
      {"192.0.2", nullptr, "for a network write 192.0.2.0/24"},
      {"10.", nullptr, "for a network write 10.0.0.0/8"},
      {"192.0.2.256", nullptr, "looks like an IP address but is not one"},
      {"192.0.2.01", nullptr, "do not start with 0"},
      {"192.0.2.*", nullptr, "for a network write 192.0.2.0/24"},
      {"192.0.2.0-192.0.2.9", nullptr, "write a range as networks"},
      {"2001:db8:::1", nullptr, "looks like an IP address but is not one"},
      {"fe80::1%eth0", nullptr, "write fe80::1"},
      {"*.example.com", nullptr, "all names below a domain are .example.com"},
      {"*@example.com", nullptr, "all of a domain is example.com"},
      {"u@*.example.com", nullptr, "wildcards are not supported"},
      {"!192.0.2.1", nullptr, "cannot have exceptions"},
      {"/^a/", nullptr, "a table cannot contain a pattern"},
      {"/spam/i", nullptr, "a table cannot contain a pattern"},
      {"/^spam", nullptr, "a table cannot contain a pattern"},
      {"/home/web/send.php", "/home/web/send.php", nullptr},
      {"/O=x/@gateway.example", "/o=x/@gateway.example", nullptr},
      {"alice@example.com:", nullptr, "write alice@example.com, or"},
      {"example.com,", nullptr, "write example.com, or"},
      {"alice;", nullptr, "write alice, or"},
      {"\"x@y.example\",", nullptr, "write \"x@y.example\", or"},
      {"\"alice:\"", "alice:", nullptr},
      {"\"a, b\"@example.com", "a, b@example.com", nullptr},
      {"\"a\"@example.com,", nullptr, "write \"a\"@example.com, or"},
      {"a@example.com,b@example.com", nullptr, "separate entry or line"},
      {"uid=alice,ou=people", "uid=alice,ou=people", nullptr},
      {"host:alice", "host:alice", nullptr},
      {"2001:db8::", "net 2001:db8::/128", nullptr},
      {":", nullptr, "the part before the : is missing"},
      {"u@.example.com", nullptr, "a mail address has one domain"},
      {"u@a..b", nullptr, "not a valid domain name"},
      {"..example", nullptr, "not a valid domain name"},
      {".", nullptr, "not a valid domain name"},
      {"@", nullptr, "not a valid domain name"},
      {"", nullptr, "empty key"},
      {"a\x01z", nullptr, "control character"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto got = parse_table_key(row.in);
    CHECK(static_cast<bool>(got) == (row.want != nullptr));
    if (got && row.want) CHECK((got->network ? "net " + got->network->to_string() : got->text) == row.want);
    if (!got && row.error) {
      CAPTURE(got.error().what);
      CHECK(got.error().what.find(row.error) != std::string::npos);
    }
  }
  CHECK_FALSE(parse_table_key(std::string(513, 'a')));
}

TEST_CASE("table: a domain, then what stands above it") {
  const auto table = table_of({{"example.com", "itself"},
                               {".example.com", "below"},
                               {".a.example.com", "nearer"},
                               {".example", "top"},
                               {"xn--bcher-kva.example", "idn"},
                               {"localhost", "word"}});
  struct Row {
    std::string domain, want;
  };
  const Row rows[] = {{"example.com", "itself"},
                      {"EXAMPLE.com.", "itself"},
                      {"b.example.com", "below"},
                      {"a.example.com", "below"},
                      {"x.a.example.com", "nearer"},
                      {"y.x.a.example.com", "nearer"},
                      {"1.2.3.4.5.6.7.8.9.10.11.example.com", "below"},
                      {"badexample.com", "none"},
                      {"com", "none"},
                      {"example", "none"},
                      {"any.example", "top"},
                      {"xn--bcher-kva.example", "idn"},
                      {"localhost", "word"},
                      {"", "none"},
                      {".", "none"},
                      {".example.com", "none"}};
  for (const auto& row : rows) {
    CAPTURE(row.domain);
    CHECK(or_none(table->find_domain(row.domain)) == row.want);
  }
  // Too long to be a key, its parents are none the less asked: a stranger may write any name into From.
  CHECK(or_none(table->find_domain(std::string(600, 'a') + ".example.com")) == "below");
  CHECK(or_none(table->find(Address::parse("u@" + std::string(600, 'a') + ".x.a.example.com"))) == "nearer");
  CHECK(or_none(table->find_domain(std::string(600, 'a'))) == "none");
  std::string deep;
  for (int i = 0; i < 120; ++i) deep += "b.";
  CHECK(or_none(table->find_domain(deep + "example.com")) == "below");
}

TEST_CASE("table: a mail address from the most to the least particular") {
  const auto table = table_of({{"alice+news@example.com", "extended"},
                               {"alice@example.com", "plain"},
                               {"abuse@", "any domain"},
                               {"bob+x@", "extended at any domain"},
                               {"example.com", "domain"},
                               {".example.net", "below"},
                               {"<>", "null"},
                               {"postmaster", "word"},
                               {"\"odd one\"@example.com", "quoted"}});
  struct Row {
    std::string address, want;
  };
  const Row rows[] = {{"<Alice+News@Example.com>", "extended"},
                      {"alice+other@example.com", "plain"},
                      {"alice@example.com", "plain"},
                      {"carol@example.com", "domain"},
                      {"abuse@elsewhere.example", "any domain"},
                      {"abuse+x@example.com", "any domain"},
                      {"bob+x@elsewhere.example", "extended at any domain"},
                      {"bob@elsewhere.example", "none"},
                      {"u@mx.example.net", "below"},
                      {"u@example.net", "none"},
                      {"<>", "null"},
                      {"postmaster", "word"},
                      {"\"odd one\"@example.com", "quoted"},
                      {"<<>>", "none"},
                      {"u@.example.net", "none"},
                      {"u@", "none"},
                      {"@", "none"}};
  for (const auto& row : rows) {
    CAPTURE(row.address);
    CHECK(or_none(table->find(Address::parse(row.address))) == row.want);
  }
  CHECK(or_none(table->find(Address())) == "none");
  CHECK(or_none(table->find(Address::parse(std::string(2000, 'a') + "@example.com"))) == "domain");
}

TEST_CASE("table: words, addresses and lists") {
  const auto map = table_of({{"Alice", "1"},
                             {"bob@example.com", "2"},
                             {"@example.com", "3"},
                             {"default", "4"},
                             {"<>", "5"},
                             {"192.0.2.0/24", "6"},
                             {"192.0.2.7", "7"},
                             {"::1", "8"},
                             {"j\xc3\xbcrg@b\xc3\xbc"
                              "cher.example",
                              "9"}});
  struct Row {
    std::string word, want;
  };
  const Row rows[] = {{"alice", "1"},
                      {"ALICE", "1"},
                      {"Bob@Example.com", "2"},
                      {"example.com", "3"},
                      {"@example.com", "3"},
                      {"default", "4"},
                      {"<>", "5"},
                      {"bob", "none"},
                      {"x@example.com", "none"},
                      {"", "none"},
                      {"@", "none"},
                      {"192.0.2.7", "none"},
                      {"j\xc3\xbcrg@b\xc3\xbc"
                       "cher.example",
                       "9"}};
  for (const auto& row : rows) {
    CAPTURE(row.word);
    CHECK(or_none(map->find_word(row.word)) == row.want);
  }
  CHECK(or_none(map->find(*IpAddress::parse("192.0.2.8"))) == "6");
  CHECK(or_none(map->find(*IpAddress::parse("::ffff:192.0.2.7"))) == "7");
  CHECK(or_none(map->find(*IpAddress::parse("::1"))) == "8");
  CHECK(or_none(map->find(*IpAddress::parse("192.0.3.0"))) == "none");
  CHECK(map->size() == 9);

  const auto list = table_of({{"a.example"}, {"A.example."}, {"192.0.2.1"}, {"192.0.2.1/32"}}, TableKind::list);
  CHECK(list->size() == 2);
  CHECK(list->find_domain("a.example") == "");
  CHECK(list->find(*IpAddress::parse("192.0.2.1")) == "");
  CHECK_FALSE(list->find(Address::parse("<>")));

  const auto empty = table_of({}, TableKind::list);
  CHECK(empty->size() == 0);
  CHECK_FALSE(empty->find_word("a"));
  CHECK_FALSE(empty->find_domain("a.b"));
  CHECK_FALSE(empty->find(IpAddress()));
}

TEST_CASE("table: the same key twice in a map") {
  const TableEntry entries[] = {{"a.example", "1"},    {"A.example", "1"},    {"b.example", "1"}, {"B.EXAMPLE", "2"},
                                {"192.0.2.0/24", "x"}, {"192.0.2.0/24", "y"}, {"bad..@x..", "z"}};
  const auto made = make_table(entries, TableKind::map);
  CHECK_FALSE(made.table);
  REQUIRE(made.faults.size() == 3);
  CHECK(made.faults[0].line == 4);
  CHECK(made.faults[0].what == "the key has the value \"2\" here and \"1\" in entry 3");
  CHECK(made.faults[1].line == 6);
  CHECK(made.faults[1].what == "the key has the value \"y\" here and \"x\" in entry 5");
  CHECK(made.faults[2].line == 7);
  REQUIRE(made.warnings.size() == 1);
  CHECK(made.warnings[0].line == 2);
  CHECK(made.warnings[0].what == "the same key and value as in entry 1");
}

TEST_CASE("table: long keys and values keep their lengths") {
  const std::string key(500, 'k'), value(100'000, 'v');
  const std::vector<TableEntry> entries = {{key, value}, {"short", "s"}};
  const auto table = table_of(entries);
  CHECK(or_none(table->find_word(key)) == value);
  CHECK(or_none(table->find_word("short")) == "s");
}
