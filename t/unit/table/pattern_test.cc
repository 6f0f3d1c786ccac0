// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "adapter/table/re2_pattern.h"
#include "base/text.h"

using namespace mailweir;

TEST_CASE("patterns: what matches") {
  struct Row {
    std::string expression, text;
    bool want;
  };
  const Row rows[] = {
      {"viagra", "Buy VIAGRA now", true},
      {"^viagra", "Buy viagra", false},
      {"^\\d{1,3}-\\d+\\.dyn\\.", "10-20.dyn.example", true},
      {"b\xc3\xbc"
       "cher",
       "B\xc3\x9c"
       "CHER",
       true},
      {"^.$", "\xc3\xbc", true},
      {"a.b", "a\nb", true},  // a folded header field
      {"^b", "a\nb", false},
      {"^[^@]+@evil\\.example$", "x\xff@evil.example", true},  // no way around it by a stray byte
      {"^a.c$",
       "a\xff"
       "c",
       true},
      {"^\xef\xbf\xbd$", "\xfe", true},
      {"\xc3\xbc", "\xfc", false},  // Latin-1 is not guessed
      {"a\\x00b", std::string("a\0b", 3), true},
      {"b", std::string("a\0b", 3), true},
      {"a", "", false},
      {"^$", "", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.expression);
    CAPTURE(row.text);
    const auto pattern = make_pattern(row.expression);
    REQUIRE(pattern);
    CHECK((*pattern)->matches(row.text) == row.want);
  }
}

TEST_CASE("patterns: errors say what is wrong") {
  struct Row {
    std::string expression;
    const char* want;
  };
  const Row rows[] = {
      {"(foo", "pattern \"/(foo/\": missing ): (foo"},
      {"foo[", "missing ]"},
      {"a(?=b)", "look-ahead and look-behind are not supported"},
      {"(?<!b)a", "look-ahead and look-behind are not supported"},
      {"(a)\\1", "references to groups are not supported"},
      {"*a", "no argument for repetition operator"},
      {"((a{1000}){1000}){1000}", "invalid repetition size"},
      {"\\pL{1000}", "make its repetitions smaller"},
      {"[a-z\xff]", "is not UTF-8"},
      {"", "an empty expression"},
      {std::string(4097, 'a'), "longer than 4096 bytes"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.expression);
    const auto pattern = make_pattern(row.expression);
    REQUIRE_FALSE(pattern);
    CAPTURE(pattern.error().what);
    CHECK(pattern.error().what.find(row.want) != std::string::npos);
  }
}

TEST_CASE("patterns: one that makes others hang ends") {
  const auto pattern = make_pattern("^(a+)+$");
  REQUIRE(pattern);
  CHECK_FALSE((*pattern)->matches(std::string(200'000, 'a') + 'b'));
}

TEST_CASE("text that is not UTF-8 made so") {
  CHECK(made_utf8("b\xc3\xbc"
                  "cher") ==
        "b\xc3\xbc"
        "cher");
  CHECK(made_utf8("a\xff\xc3") == "a\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(made_utf8("") == "");
}
