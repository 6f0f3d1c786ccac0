// SPDX-License-Identifier: BSD-2-Clause
// Tag lists of DKIM (RFC 6376 3.2), good and bad.
#include <doctest/doctest.h>

#include "mail/tag_list.h"

using namespace mailweir;

TEST_CASE("tag list: names and values, or what is wrong") {
  struct Row {
    std::string in, want;  // "name=value" each, a bar between; or "! why"
  };
  std::string many;
  for (std::size_t i = 0; i <= most_tags; ++i) many += "t" + std::to_string(i) + "=;";
  const Row rows[] = {
      {"a=1", "a=1"},
      {"a=1;", "a=1"},
      {"a=1; \r\n\t", "a=1"},
      {" a = 1 ;\r\n\tb\t=\t2 3 ; c=", "a=1|b=2 3|c="},
      {"a==;b=x=y", "a==|b=x=y"},
      {"a=1;A=2", "a=1|A=2"},
      {"a_1=x", "a_1=x"},
      {"n=\xc3\xbc", "n=\xc3\xbc"},
      {"", "! it is empty"},
      {" ", "! a tag is empty"},
      {";", "! a tag is empty"},
      {"a=1;;", "! a tag is empty"},
      {"a=1;;b=2", "! a tag is empty"},
      {"a=1; b", "! it has no tag=value where one should be"},
      {"=1", "! it has no tag=value where one should be"},
      {"1a=1", "! it has no tag=value where one should be"},
      {"a b=1", "! it has no tag=value where one should be"},
      {"a-b=1", "! it has no tag=value where one should be"},
      {"a=1;b=2;a=1", "! a= occurs twice"},
      {"a=\x01", "! it has a control byte"},
      {std::string("a=\0b", 4), "! it has a control byte"},
      {"a=\xff", "! it is not UTF-8"},
      {many, "! it has more than 100 tags"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in.substr(0, 40));
    const auto list = TagList::parse(row.in);
    std::string got;
    if (!list) got = "! " + list.error().what;
    else
      for (const auto& tag : list->tags())
        got += (got.empty() ? "" : "|") + std::string(tag.name) + '=' + std::string(tag.value);
    CHECK(got == row.want);
  }
}

TEST_CASE("tag list: where a value stands, to take it out") {
  const std::string text = " v=1; b= ab\r\n cd ; x=2";
  const auto list = TagList::parse(text);
  REQUIRE(list);
  const auto* tag = list->find("b");
  REQUIRE(tag != nullptr);
  CHECK(text.substr(0, tag->begin) + text.substr(tag->end) == " v=1; b=; x=2");
  CHECK(without_blanks(tag->value) == "abcd");
  CHECK(list->value("B") == std::nullopt);
}

TEST_CASE("tag list: words and base64 of a value") {
  CHECK(names_word("http : dns/txt", "dns/txt"));
  CHECK(names_word("*", "*"));
  CHECK_FALSE(names_word("dns/txt2", "dns/txt"));
  CHECK_FALSE(names_word("", "y"));
  CHECK(names_word("Y", "y"));  // a literal of the grammar; what has case it writes as %x (RFC 5234 2.3)
  for (const auto* text : {"YWI=", "YWI", "YW I=", " Y\r\n WI = "}) {
    CAPTURE(text);
    CHECK(base64_of_tag(text) == "ab");
  }
  for (const auto* text : {"Y", "YW?=", "YWI===", "=YWI"}) {
    CAPTURE(text);
    CHECK_FALSE(base64_of_tag(text).has_value());
  }
}
