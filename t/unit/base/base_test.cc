// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <sstream>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/doubtful_text.h"
#include "base/duration.h"
#include "base/ip.h"
#include "base/safe_output.h"
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
      {"192.0.2.1", "192.0.2.1"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"2001:DB8:0:0::1", "2001:db8::1"},
      {"IPv6:2001:db8::1", "2001:db8::1"},
      {"192.0.2", nullptr},
      {"192.0.2.256", nullptr},
      {"", nullptr},
      {"unknown", nullptr},
      {"1.2.3.4 ", nullptr},
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
      {"192.0.2.0/24", "192.0.2.255", true},
      {"192.0.2.0/24", "192.0.3.0", false},
      {"0.0.0.0/0", "8.8.8.8", true},
      {"0.0.0.0/0", "::1", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1/32", "192.0.2.2", false},
      {"192.0.2.0/255.255.255.0", "192.0.2.255", true},
      {"192.0.2.0/255.255.255.0", "192.0.3.0", false},
      {"0.0.0.0/0.0.0.0", "8.8.8.8", true},
      {"192.0.2.1/255.255.255.255", "192.0.2.2", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.network);
    CAPTURE(row.address);
    CHECK(Network::parse(row.network)->contains(*IpAddress::parse(row.address)) == row.want);
  }
  for (const char* bad : {"192.0.2.1/24", "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/", "192.0.2.0/2x", "/8",
                          "192.0.2.1/255.255.255.0", "192.0.2.0/255.100.10.1", "::/255.0.0.0"}) {
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
  const Row rows[] = {{"1h", 3'600'000},   {"1h30m", 5'400'000}, {"250ms", 250},
                      {"7d", 604'800'000}, {"1w", 604'800'000},  {"5", -1},
                      {"30m1h", -1},       {"1h1h", -1},         {"", -1},
                      {"h", -1},           {"-1s", -1},          {"99999999999999999999d", -1},
                      {"4000d", -1}};
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
  CHECK(rough_duration(90s) == "90s");
  CHECK(rough_duration(60s) == "1m");
  CHECK(rough_duration(119'999ms) == "2m");
  CHECK(rough_duration(90min) == "90m");
  CHECK(rough_duration(2h - 1ms) == "2h");  // a block of 2h that has just begun
  CHECK(rough_duration(24h - 1ms) == "1d");
  CHECK(rough_duration(25h) == "25h");
  CHECK(rough_duration(24h * 14) == "14d");
  CHECK(rough_duration(0ms) == "0s");
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
      {"b\xc3\xbc"
       "cher",
       "k=\"b\xc3\xbc"
       "cher\""},
      {"\xff\xfe", "k=\"\\xff\\xfe\""},
      {"\x1b[31m", "k=\"\\x1b[31m\""},
      {"\xc2\x9b"
       "31m",
       "k=\"\\xc2\\x9b31m\""},  // a C1 control, which terminals obey
      {"a\xe2\x80\xae"
       "b",
       "k=\"a\\xe2\\x80\\xae"
       "b\""},  // U+202E turns the rest of the line around
      {"\xe2\x81\xa6x\xe2\x81\xa9", "k=\"\\xe2\\x81\\xa6x\\xe2\\x81\\xa9\""},  // U+2066, U+2069: isolates
      {"\xd8\x9c", "k=\"\\xd8\\x9c\""},                                        // U+061C
      {"a\xc2\xad"
       "b",
       "k=\"a\\xc2\\xad"
       "b\""},                                             // a soft hyphen
      {"a\xe2\x80\x8b", "k=\"a\\xe2\\x80\\x8b\""},         // no width
      {"\xef\xbb\xbf", "k=\"\\xef\\xbb\\xbf\""},           // a byte order mark
      {"a\xe2\x80\xa8", "k=\"a\\xe2\\x80\\xa8\""},         // U+2028 ends a line
      {"\xf3\xa0\x81\x81", "k=\"\\xf3\\xa0\\x81\\x81\""},  // a tag
      {"\xe2\x80\x90", "k=\"\xe2\x80\x90\""},              // U+2010, a hyphen that is seen
  };
  for (const auto& row : rows) {
    std::string line;
    append_field(line, "k", row.in);
    CHECK(line == row.want);
  }
  CHECK(cleaned("a\r\nb\x7f\xc3\xbc", true) == "a??b??");
  CHECK(cleaned("b\xc3\xbc", false) == "b\xc3\xbc");
  CHECK(cleaned("b\xc3\xbc", false, 2) == "b");
  CHECK(cleaned("a\xe2\x80\xae"
                "b",
                false) == "a?b");
}

TEST_CASE("a terminal is shown nothing that it obeys, and nothing hidden") {
  struct Row {
    std::string in, want;
  };
  const Row rows[] = {
      {"two\nlines\tand a tab", "two\nlines\tand a tab"},
      {"b\xc3\xbc"
       "cher",
       "b\xc3\xbc"
       "cher"},
      {"\x1b]0;title\x07", "\\u001b]0;title\\u0007"},
      {"a\rb\x7f", "a\\u000db\\u007f"},
      {"\xc2\x9b"
       "31m",
       "\\u009b31m"},
      {"ceo@\xe2\x80\xae"
       "example",
       "ceo@\\u202eexample"},
      {"\xf3\xa0\x81\x81", "\\udb40\\udc41"},  // a pair, as in JSON
      {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
      {"\xff\xc3", "\\xff\\xc3"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.want);
    CHECK(made_safe(row.in) == row.want);
    std::ostringstream stream;
    {
      const SafeOutput output(stream);
      for (const char byte : row.in) stream << byte;  // a character in pieces
    }
    CHECK(stream.str() == row.want);
    stream.str("");
    stream << row.in;
    CHECK(stream.str() == row.in);  // the stream is as it was
  }
  std::ostringstream stream;
  std::string much = "x";  // so that a piece ends within a character
  while (much.size() < 300'000) much += "\xf0\x9f\x98\x80";
  {
    const SafeOutput output(stream);
    for (std::size_t at = 0; at < much.size(); at += 1000) stream << much.substr(at, 1000);
  }
  CHECK(stream.str() == much);
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
      {"unix:/run/a.sock", "unix:/run/a.sock"},
      {"local:/run/a.sock", "unix:/run/a.sock"},
      {"/run/a", "unix:/run/a"},
      {"inet:10025@127.0.0.1", "inet:10025@127.0.0.1"},
      {"inet:127.0.0.1:10025", "inet:10025@127.0.0.1"},
      {"inet:[::1]:10025", "inet:10025@::1"},
      {"unix:relative", nullptr},
      {"inet:10025", nullptr},
      {"inet:0@127.0.0.1", nullptr},
      {"inet:70000@127.0.0.1", nullptr},
      {"tcp:1@h", nullptr},
      {"", nullptr},
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
  const auto missing = library->find("cube_root_of_nothing", cube_root);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().what.find("undefined symbol: cube_root_of_nothing") != std::string::npos);
  const auto nothing = SharedLibrary::load("libmissing.so.4");
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().what == "libmissing.so.4: cannot open shared object file: No such file or directory");
}

TEST_CASE("sizes: the shortest spelling, read back as the same") {
  struct Row {
    std::uint64_t bytes;
    const char* want;
  };
  for (const auto& row : {Row{0, "0"}, Row{1000, "1000"}, Row{1024, "1KiB"}, Row{1536, "1536"}, Row{10 << 10, "10KiB"},
                          Row{25 << 20, "25MiB"}, Row{std::uint64_t{3} << 30, "3GiB"}, Row{100'000'000'000, "100GB"},
                          Row{5'000'000, "5MB"}, Row{1'024'000, "1000KiB"}, Row{1'500'000, "1500000"}}) {
    CAPTURE(row.bytes);
    CHECK(format_size(row.bytes) == row.want);
    CHECK(parse_size(row.want) == row.bytes);
  }
}

TEST_CASE("an entry that came by copy and paste is doubted") {
  struct Row {
    std::string in, want;
  };
  const Row rows[] = {
      {"boss@example.com", ""},
      {".example.com", ""},
      {"2001:db8::1", ""},
      {"b\xc3\xbc"
       "cher.example",
       ""},
      {"exam\xe2\x80\x8bple.com", "contains U+200B, which is invisible; remove it"},
      {"\xef\xbb\xbf"
       "example.com",
       "contains U+FEFF, which is invisible; remove it"},
      {"example.com\xe2\x80\xac", "contains U+202C, which is invisible; remove it"},
      {"a\xe2\x80\x8d"
       "b",
       "contains U+200D, which is invisible; remove it"},
      {"\xd9\x86\xe2\x80\x8c\xd8\xa7", ""},  // U+200C between Arabic letters is spelling
      {"a\xc2\xa0"
       "b",
       "contains U+00A0, which looks like a blank but is not one; remove it"},
      {"\xe2\x80\x9e"
       "a@example.com\xe2\x80\x9c",
       "is in typographic quotes; remove them"},
      {"\xc2\xab"
       "example.com\xc2\xbb",
       "is in typographic quotes; remove them"},
      {"o\xe2\x80\x99neill", ""},
      {"https://www.example.com/path", "is a URL; write www.example.com"},
      {"http://alice@example.com:8080?q", "is a URL; write example.com"},
      {"HTTP://[2001:db8::1]:80/", "is a URL; write 2001:db8::1"},
      {"mailto:eve@example.com?subject=x", "is a URL; write eve@example.com"},
      {"file:///", "is a URL, must be a name or an address"},
      {"host/name", ""},
      {"a\xff", "is not UTF-8"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(doubt_about(row.in) == row.want);
  }
}

TEST_CASE("socket: whether it is served") {
  const auto at = [](const Fd& fd) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    REQUIRE(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
    return SocketName{SocketName::Kind::inet, {}, "127.0.0.1", ntohs(address.sin_port)};
  };
  Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      bound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  for (const Fd* fd : {&listening, &bound}) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd->get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0);
  }
  REQUIRE(::listen(listening.get(), 1) == 0);
  CHECK(is_served(at(listening)));
  CHECK_FALSE(is_served(at(bound)));  // no listener: the connection is refused, at once or a moment later
}
