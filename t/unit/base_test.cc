// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "base/duration.h"
#include "base/ip.h"
#include "base/shared_library.h"
#include "base/socket.h"
#include "base/text.h"

using namespace mailweir;
using namespace std::chrono_literals;

TEST_CASE("ip: one spelling") {
  struct Row {
    const char* in;
    const char* want;  // nullptr: refused
  };
  const Row rows[] = {
      {"192.0.2.1", "192.0.2.1"},     {"::ffff:192.0.2.1", "192.0.2.1"}, {"2001:DB8:0:0::1", "2001:db8::1"},
      {"IPv6:2001:db8::1", "2001:db8::1"}, {"192.0.2", nullptr},         {"192.0.2.256", nullptr},
      {"", nullptr},                  {"unknown", nullptr},              {"1.2.3.4 ", nullptr},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto got = IpAddress::parse(row.in);
    CHECK(got.has_value() == (row.want != nullptr));
    if (got && row.want) CHECK(got->to_string() == row.want);
  }
  CHECK(IpAddress::parse("192.0.2.1")->reverse_name() == "1.2.0.192.in-addr.arpa");
  CHECK(IpAddress::parse("2001:db8::1")->reverse_name() ==
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST_CASE("ip: networks") {
  struct Row {
    const char *network, *address;
    bool want;
  };
  const Row rows[] = {
      {"192.0.2.0/24", "192.0.2.255", true}, {"192.0.2.0/24", "192.0.3.0", false}, {"0.0.0.0/0", "8.8.8.8", true},
      {"0.0.0.0/0", "::1", false},           {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false}, {"192.0.2.1", "192.0.2.1", true}, {"192.0.2.1/32", "192.0.2.2", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.network);
    CAPTURE(row.address);
    CHECK(Network::parse(row.network)->contains(*IpAddress::parse(row.address)) == row.want);
  }
  for (const char* bad : {"192.0.2.1/24", "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/", "192.0.2.0/2x", "/8"}) {
    CAPTURE(bad);
    CHECK_FALSE(Network::parse(bad).has_value());
  }
  CHECK(Network::parse("10.0.0.0/8")->last().to_string() == "10.255.255.255");
}

TEST_CASE("durations and sizes") {
  struct Row {
    const char* in;
    std::int64_t want_ms;  // -1: refused
  };
  const Row rows[] = {{"1h", 3'600'000}, {"1h30m", 5'400'000}, {"250ms", 250}, {"7d", 604'800'000}, {"1w", 604'800'000},
                      {"5", -1},         {"30m1h", -1},        {"1h1h", -1},   {"", -1},            {"h", -1},
                      {"-1s", -1},       {"99999999999999999999d", -1},        {"4000d", -1}};
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto got = parse_duration(row.in);
    CHECK((got ? got->count() : -1) == row.want_ms);
  }
  CHECK(format_duration(86'400s) == "1d");
  CHECK(format_duration(604'800s) == "1w");
  CHECK(format_duration(691'200s) == "8d");
  CHECK(format_duration(5'400s) == "1h30m");
  CHECK(format_duration(0s) == "0s");
  CHECK(rough_duration(1ms) == "1s");
  CHECK(rough_duration(121s) == "3m");
  CHECK(rough_duration(5h) == "5h");
  CHECK(parse_size("25MiB") == 26'214'400);
  CHECK(parse_size("10 kB") == 10'000);
  CHECK_FALSE(parse_size("10XB"));
  CHECK_FALSE(parse_size("99999999999GiB"));
}

TEST_CASE("nothing from the network reaches a line unescaped") {
  struct Row {
    std::string in, want;
  };
  const Row rows[] = {
      {"plain", "k=plain"},
      {"", "k=\"\""},
      {"two words", "k=\"two words\""},
      {"a\r\nb=c", "k=\"a\\x0d\\x0ab=c\""},
      {"say \"x\"", "k=\"say \\\"x\\\"\""},
      {"b\xc3\xbc" "cher", "k=\"b\xc3\xbc" "cher\""},
      {"\xff\xfe", "k=\"\\xff\\xfe\""},
      {"\x1b[31m", "k=\"\\x1b[31m\""},
      {"\xc2\x9b" "31m", "k=\"\\xc2\\x9b31m\""},  // a C1 control, which terminals obey
  };
  for (const auto& row : rows) {
    std::string line;
    append_field(line, "k", row.in);
    CHECK(line == row.want);
  }
  CHECK(cleaned("a\r\nb\x7f\xc3\xbc", true) == "a??b??");
  CHECK(cleaned("b\xc3\xbc", false) == "b\xc3\xbc");
  CHECK(cleaned("b\xc3\xbc", false, 2) == "b");
}

TEST_CASE("wildcards") {
  CHECK(matches_wildcard("X-Originating-*", "x-originating-ip"));
  CHECK(matches_wildcard("*", ""));
  CHECK(matches_wildcard("a*b*c", "aXbYbc"));
  CHECK_FALSE(matches_wildcard("X-Originating-*", "X-Originator"));
  CHECK_FALSE(matches_wildcard("a?c", "ac"));
}

TEST_CASE("socket names") {
  struct Row {
    const char* in;
    const char* want;  // nullptr: refused
  };
  const Row rows[] = {
      {"unix:/run/a.sock", "unix:/run/a.sock"}, {"local:/run/a.sock", "unix:/run/a.sock"}, {"/run/a", "unix:/run/a"},
      {"inet:10025@127.0.0.1", "inet:10025@127.0.0.1"}, {"inet:127.0.0.1:10025", "inet:10025@127.0.0.1"},
      {"inet:[::1]:10025", "inet:10025@::1"}, {"unix:relative", nullptr}, {"inet:10025", nullptr},
      {"inet:0@127.0.0.1", nullptr}, {"inet:70000@127.0.0.1", nullptr}, {"tcp:1@h", nullptr}, {"", nullptr},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto got = SocketName::parse(row.in);
    CHECK(static_cast<bool>(got) == (row.want != nullptr));
    if (got && row.want) CHECK(got->to_string() == row.want);
  }
}

TEST_CASE("shared library: what is there is found, what is not is named") {
  const auto library = SharedLibrary::load("libm.so.6");
  REQUIRE(library);
  double (*cube_root)(double) = nullptr;
  REQUIRE(library->find("cbrt", cube_root));
  CHECK(cube_root(27.0) == doctest::Approx(3.0));
  const auto missing = library->find("cube_root_of_nobody", cube_root);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().what.find("undefined symbol: cube_root_of_nobody") != std::string::npos);
  const auto nothing = SharedLibrary::load("libnobody.so.4");
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().what == "libnobody.so.4: cannot open shared object file: No such file or directory");
}

TEST_CASE("sizes: the shortest spelling, read back as the same") {
  struct Row {
    std::uint64_t bytes;
    const char* want;
  };
  for (const auto& row : {Row{0, "0"}, Row{1000, "1000"}, Row{1024, "1KiB"}, Row{1536, "1536"}, Row{10 << 10, "10KiB"}, Row{25 << 20, "25MiB"}, Row{std::uint64_t{3} << 30, "3GiB"},
                         Row{100'000'000'000, "100GB"}, Row{5'000'000, "5MB"}, Row{1'024'000, "1000KiB"}, Row{1'500'000, "1500000"}}) {
    CAPTURE(row.bytes);
    CHECK(format_size(row.bytes) == row.want);
    CHECK(parse_size(row.want) == row.bytes);
  }
}
