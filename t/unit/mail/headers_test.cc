// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.h"
#include "mail/headers.h"

using namespace mailweir;

namespace {

using Fields = std::vector<HeaderField>;

HeaderList list_of(const Fields& fields, HeaderTraits traits = {}) {
  HeaderList list(traits);
  for (const auto& field : fields) REQUIRE(list.receive(field.name, field.value));
  return list;
}

std::string text_of(const std::vector<HeaderView>& fields) {
  std::string text;
  for (const auto& field : fields) text += std::string(field.name) + ':' + std::string(field.value) + '\n';
  return text;
}

// What an MTA makes of the operations. Deleting a field either shifts the numbers of those behind it (Postfix) or does
// not (Sendmail keeps an empty place): the operations must mean the same to both.
std::string after_ops(const HeaderList& list, bool numbers_shift) {
  struct Place {
    HeaderField field;
    bool gone = false;
  };
  std::vector<Place> places;
  for (std::size_t i = 0; i < list.size(); ++i)
    places.push_back({HeaderField{std::string(list[i].name), std::string(list[i].value)}});
  for (const auto& op : list.ops()) {
    if (op.kind == HeaderOp::Kind::insert) {
      places.insert(places.begin(), Place{HeaderField{op.name, op.value}});
      continue;
    }
    if (op.kind == HeaderOp::Kind::append) {
      places.push_back(Place{HeaderField{op.name, op.value}});
      continue;
    }
    std::size_t left = op.occurrence;
    for (auto& place : places) {
      if (!equal_folded(place.field.name, op.name) || (numbers_shift && place.gone) || --left > 0) continue;
      REQUIRE_FALSE(place.gone);
      if (op.kind == HeaderOp::Kind::remove) place.gone = true;
      else place.field.value = op.value;
      break;
    }
    REQUIRE(left == 0);
  }
  std::string text;
  for (const auto& place : places)
    if (!place.gone) text += place.field.name + ':' + place.field.value + '\n';
  return text;
}

const Fields message = {{"Received", " from a\n\tby b"},
                        {"X-Originating-IP", " [192.0.2.1]"},
                        {"From", " a@example.com"},
                        {"received", " from c"},
                        {"X-originating-User", " a"},
                        {"Subject", "one"},
                        {"X-Note", " keep"},
                        {"x-note", " drop me"},
                        {"X-NOTE", " keep"},
                        {"X-Note", "  drop\n\tme too"}};

}  // namespace

TEST_CASE("headers: as they arrived") {
  auto list = list_of(message);
  CHECK(list.hops() == 2);
  CHECK(list.values("received") == std::vector<std::string>{"from a\tby b", "from c"});
  CHECK(list.values("subject") == std::vector<std::string>{"one"});
  CHECK(list.values("none").empty());
  CHECK_FALSE(list.edited());
  CHECK(list.ops().empty());
  list.remove("Received");
  list.replace("subject", "two", HeaderList::Which::all);
  CHECK(list.edited());
  CHECK(list.hops() == 2);  // conditions go on seeing what came
  CHECK(list.values("subject") == std::vector<std::string>{"one"});
}

TEST_CASE("headers: unfolding") {
  struct Row {
    const char *in, *want;
  };
  const Row rows[] = {{" a", "a"},   {" a\n\tb", "a\tb"}, {" a\r\n b ", "a b"}, {"", ""},
                      {"\n \n", ""}, {"a\rb", "a\rb"},    {"a \n  b", "a   b"}};
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(unfolded(row.in) == row.want);
  }
}

TEST_CASE("headers: edits, and the operations that make them") {
  struct Row {
    const char* what;
    void (*edit)(HeaderList&);
    const char* want;
  };
  using Place = HeaderList::Place;
  using Which = HeaderList::Which;
  const Row rows[] = {
      {"nothing", [](HeaderList&) {},
       "Received: from a\n\tby b\nX-Originating-IP: [192.0.2.1]\nFrom: a@example.com\nreceived: from "
       "c\nX-originating-User: a\n"
       "Subject:one\nX-Note: keep\nx-note: drop me\nX-NOTE: keep\nX-Note:  drop\n\tme too\n"},
      {"wildcard",
       [](HeaderList& l) {
         CHECK(l.remove("x-originating-*") == 2);
         CHECK(l.remove("X-N") == 0);
       },
       "Received: from a\n\tby b\nFrom: a@example.com\nreceived: from c\nSubject:one\nX-Note: keep\nx-note: drop "
       "me\nX-NOTE: keep\n"
       "X-Note:  drop\n\tme too\n"},
      {"all of a name",
       [](HeaderList& l) {
         CHECK(l.remove("x-*") == 6);
         CHECK(l.remove("Received") == 2);
         CHECK(l.remove("received") == 0);
       },
       "From: a@example.com\nSubject:one\n"},
      {"by value, unfolded",
       [](HeaderList& l) {
         CHECK(l.remove("X-Note",
                        [](std::string_view value) { return value == "drop me" || value == "drop\tme too"; }) == 2);
         CHECK(l.remove("X-Orig*") == 2);
         CHECK(l.remove("received") == 2);
       },
       "From: a@example.com\nSubject:one\nX-Note: keep\nX-NOTE: keep\n"},
      {"change, remove and add of one name",
       [](HeaderList& l) {
         l.remove("received");
         l.remove("x-orig*");
         CHECK(l.replace("x-note", "new", Which::first) == 1);
         CHECK(l.remove("x-note", [](std::string_view value) { return value.starts_with("drop me"); }) == 1);
         CHECK(l.add(Place::top, "X-Note", "top"));
         CHECK(l.add(Place::top, "X-Note", "over it"));
         CHECK(l.add(Place::end, "X-Note", "end"));
         CHECK(l.add(Place::end, "X-Last", "1"));
       },
       "X-Note: over it\nX-Note: top\nFrom: a@example.com\nSubject:one\nX-Note: new\nX-NOTE: keep\nX-Note:  drop\n\tme "
       "too\nX-Note: end\nX-Last: 1\n"},
      {"replace all, then again, added ones too",
       [](HeaderList& l) {
         l.remove("received");
         l.remove("x-orig*");
         l.add(Place::end, "X-Note", "end");
         CHECK(l.replace("x-note", "first", Which::all) == 5);
         CHECK(l.replace("x-note", "second", Which::all) == 5);
         CHECK(l.replace("x-other", "third", Which::all) == 0);
       },
       "From: a@example.com\nSubject:one\nX-Note: second\nx-note: second\nX-NOTE: second\nX-Note: second\nX-Note: "
       "second\n"},
      {"an added one removed again",
       [](HeaderList& l) {
         l.add(Place::top, "X-New", "1");
         l.add(Place::end, "X-New", "2");
         l.replace("subject", "two", Which::first);
         CHECK(l.remove("X-*") == 8);
         CHECK(l.remove("Subject", [](std::string_view value) { return value == "one"; }) == 0);
         CHECK(l.remove("received") == 2);
       },
       "From: a@example.com\nSubject: two\n"},
      {"replace the first as it leaves",
       [](HeaderList& l) {
         l.remove("x-*");
         l.remove("received");
         l.add(Place::top, "Subject", "mine");
         CHECK(l.replace("subject", "top", Which::first) == 1);
       },
       "Subject: top\nFrom: a@example.com\nSubject:one\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    auto list = list_of(message);
    row.edit(list);
    CHECK(text_of(list.leaving()) == row.want);
    CHECK(after_ops(list, true) == row.want);
    CHECK(after_ops(list, false) == row.want);
  }
}

TEST_CASE("headers: operations go from the last occurrence to the first, new fields come last") {
  auto list = list_of({{"A", " 1"}, {"a", " 2"}, {"B", " 1"}, {"A", " 3"}});
  list.add(HeaderList::Place::top, "A", "new");
  list.remove("a", [](std::string_view value) { return value != "2"; });
  list.replace("a", "two", HeaderList::Which::all, [](std::string_view value) { return value == "2"; });
  using Kind = HeaderOp::Kind;
  const std::vector<HeaderOp> want = {
      {Kind::remove, "A", 3, ""}, {Kind::change, "a", 2, " two"}, {Kind::remove, "A", 1, ""}};
  CHECK(list.ops() == want);  // the one added was removed with the others
  list.add(HeaderList::Place::end, "C", "1");
  CHECK(list.ops().back() == HeaderOp{Kind::append, "C", 0, " 1"});
}

TEST_CASE("headers: without SMFIP_HDR_LEADSPC the MTA puts the blank") {
  auto list = list_of({{"A", "1"}}, {.leading_space = false, .utf8 = false});
  list.replace("A", "2", HeaderList::Which::all);
  list.add(HeaderList::Place::top, "B", "3");
  CHECK(text_of(list.leaving()) == "B:3\nA:2\n");
}

TEST_CASE("headers: values are safe to hand to an MTA") {
  struct Row {
    std::string in;
    const char *want, *want_utf8;  // nullptr: the same
  };
  const Row rows[] = {
      {"plain", "plain", nullptr},
      {"  both ends \r\n", "both ends", nullptr},
      {"one\n\ttwo\n three", "one\n\ttwo\n\tthree", nullptr},
      {"one\r\n\ttwo", "one\n\ttwo", nullptr},
      {"inject\nBcc: x@example.com", "inject Bcc: x@example.com", nullptr},
      {"inject\r\n\r\nbody", "inject body", nullptr},
      {"cr\rhere", "cr?here", nullptr},
      {"one\n \n two", "one\n\ttwo", nullptr},
      {"\n\n", "", nullptr},
      {std::string("nul\0here", 8), "nul?here", nullptr},
      {"tab\there", "tab here", nullptr},
      {"\x1b[31m", "?[31m", nullptr},
      {"b\xc3\xbc"
       "cher",
       "b?cher",
       "b\xc3\xbc"
       "cher"},
      {"broken \xff", "broken ?", nullptr},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(safe_header_value(row.in, false) == row.want);
    CHECK(safe_header_value(row.in, true) == (row.want_utf8 ? row.want_utf8 : row.want));
    CHECK(safe_header_value(safe_header_value(row.in, false), false) == row.want);
  }
  CHECK(safe_header_value(std::string(5000, 'x'), false).size() == longest_header_line);
  CHECK(safe_header_value(std::string(5000, 'x') + "\n " + std::string(5000, 'y'), false).size() ==
        2 * longest_header_line + 1);
  // Lines that are no folds go on in the same line, which stays as long as a line may be and ends in no blank.
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "ab\n";
  CHECK(safe_header_value(many, false).size() == longest_header_line - 1);
  CHECK(safe_header_value(std::string(longest_header_line - 1, 'x') + " y", false) ==
        std::string(longest_header_line - 1, 'x'));
}

TEST_CASE("headers: names") {
  for (const char* good : {"X-A", "a", "X_b.c"}) CHECK(is_header_name(good));
  for (const auto& bad : {std::string(), std::string("a b"), std::string("a:"), std::string("a\n"),
                          std::string("\xc3\xbc"), std::string(77, 'a')}) {
    CAPTURE(bad);
    CHECK_FALSE(is_header_name(bad));
    HeaderList list;
    CHECK_FALSE(list.add(HeaderList::Place::top, bad, "x"));
  }
}

TEST_CASE("headers: memory is bounded") {
  HeaderList few({}, {.bytes = 1 << 20, .fields = 3, .more_bytes = 1000, .more_fields = 2});
  for (int i = 0; i < 3; ++i) CHECK(few.receive("A", " 1"));
  CHECK_FALSE(few.receive("A", " 1"));
  for (int i = 0; i < 2; ++i) CHECK(few.add(HeaderList::Place::top, "A", "1"));  // a signature finds room
  CHECK_FALSE(few.add(HeaderList::Place::top, "A", "1"));
  CHECK(few.size() == 3);

  HeaderList small({}, {.bytes = 4000, .fields = 1000, .more_bytes = 0, .more_fields = 0});
  const std::string value(800, 'v');
  std::size_t kept = 0;
  while (kept < 100 && small.receive("Name", value)) ++kept;
  CHECK(kept == 4);
  CHECK(small.bytes() <= 4000);
  CHECK(small.replace("name", value, HeaderList::Which::all) == 0);  // no room for a second copy
  CHECK(small.remove("name") == 4);

  HeaderList many({}, {.bytes = 1 << 20, .fields = 5000, .more_bytes = 50'000, .more_fields = 0});
  while (many.receive("A", "")) {}
  CHECK(many.size() == 5000);
  many.replace("a", std::string(800, 'v'), HeaderList::Which::all);  // one short value for many long ones
  CHECK(many.bytes() <= (1 << 20) + 50'000);
}
