// SPDX-License-Identifier: BSD-2-Clause
// What the rules of a stage do to a message together.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;
using test::names_of;

std::string milter(std::string_view rules) { return std::string(test::milter_only) + std::string(rules); }

// A line each: the key, the header field, the text.
std::string in_words(const Effects& effects) {
  std::string words;
  for (const Effect& effect : effects) {
    words += row_of(effect).key;
    std::visit(
        [&]<typename Kind>(const Kind& one) {
          if constexpr (NamesHeader<Kind>) words += ' ' + one.name + (HasText<Kind> ? ":" : "");
        },
        effect);
    if (const auto* text = text_of(effect)) words += ' ' + *text;
    if (const auto* sign = std::get_if<Sign>(&effect)) {
      if (sign->author) words += " author";
      for (const auto& domain : sign->domains) words += ' ' + domain;
    }
    words += '\n';
  }
  return words;
}

TEST_CASE("effects: what edits the header stays in its order, behind the others, kind by kind; signatures are one") {
  Effects first, second;
  first.add(Sign{false, {"b.example"}});
  first.add(AddHeader<>{"X-A", "1"});
  first.add(Bcc<>{"x@example.com"});
  first.add(RemoveHeaders{"X-*", nullptr});
  first.add(Hold<>{"one"});
  second.add(Redirect<>{"r@example.com"});
  second.add(Sign{true, {"c.example", "b.example"}});
  second.add(Route<>{"smtp-a:"});
  second.add(Hold<>{"two"});
  second.add(Bcc<>{"y@example.com"});
  second.add(ReplaceHeader<>{"Subject", "s"});
  CHECK(first.find<Redirect<>>() == nullptr);
  first.join(second);
  CHECK(in_words(first) ==
        "hold two\n"
        "route smtp-a:\n"
        "redirect r@example.com\n"
        "bcc x@example.com\n"
        "bcc y@example.com\n"
        "sign author b.example c.example\n"
        "add_headers X-A: 1\n"
        "remove_headers X-*\n"
        "replace_header Subject: s\n");
}

TEST_CASE("what goes along is collected; of several routes, redirects and holds the last wins") {
  Engine engine(milter(R"(
[[rule]]
name = "a"
at = "data"
hold = "one"
route = "smtp-a:"
redirect = "a@example.com"
bcc = ["x@example.com", "y@example.com"]
add_headers = { X-A = "{rule} {sender}" }
alert = true
[[rule]]
name = "b"
at = "data"
hold = "two"
route = "smtp-b:[gw.example]:25"
redirect = "b@example.com"
bcc = "z@example.com"
remove_headers = ["X-PHP-*", { name = "X-Spam", value = "/^no/" }]
replace_header = { Subject = "it was {sender}" }
log = true
[[rule]]
name = "c"
at = "data"
when = { sender = "<>" }
route = "smtp-c:"
)"));
  const auto session = engine.message(Door::milter);
  const Verdict verdict = session->judge(Stage::data);
  CHECK(verdict.action == Action::none);
  CHECK(in_words(verdict.effects) ==
        "hold two\n"
        "route smtp-b:[gw.example]:25\n"
        "redirect b@example.com\n"
        "bcc x@example.com\n"
        "bcc y@example.com\n"
        "bcc z@example.com\n"
        "add_headers X-A: a alice@example.com\n"
        "remove_headers X-PHP-*\n"
        "remove_headers X-Spam\n"
        "replace_header Subject: it was alice@example.com\n");
  REQUIRE(verdict.alerts.size() == 1);
  CHECK(verdict.alerts[0].rule == "a");
  CHECK(names_of(verdict.fired) == "a b");
}

}  // namespace
}  // namespace mailweir
