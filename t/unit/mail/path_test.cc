// SPDX-License-Identifier: BSD-2-Clause
// What a mail server takes from MAIL's and RCPT's argument.
#include <doctest/doctest.h>

#include "../fixture/path_cases.h"
#include "mail/address.h"
#include "mail/path.h"

namespace mailweir {
namespace {

TEST_CASE("a path's mailbox is what Postfix shows its policy service, and means what Postfix makes of it") {
  for (const auto& row : test::path_cases) {
    const std::string in(row.in);
    CAPTURE(in);
    const auto mailbox = mailbox_in_path(row.in);
    const auto meant = mailbox ? meant_mailbox(*mailbox) : std::nullopt;
    if (row.mailbox == nullptr) {
      CHECK_FALSE(meant.has_value());
      continue;
    }
    CHECK(mailbox.value_or("none") == row.mailbox);
    CHECK(Address::of_envelope(mailbox.value_or("none"), meant.value_or("none"), {}).text() == row.meant);
  }
}

TEST_CASE("a mailbox at a host of ours is the one that % and ! name") {
  struct Row {
    const char *in, *want;
  };
  const Row rows[] = {
      {"ceo%victim.example@ours.example", "ceo@victim.example"},
      {"victim.example!ceo@ours.example", "ceo@victim.example"},
      {"ceo%victim.example%ours.example@ours.example", "ceo@victim.example"},
      {"ours.example!victim.example!ceo@ours.example", "ceo@victim.example"},
      {"ceo%victim.example@other.example", "ceo%victim.example@other.example"},
      {"ceo@ours.example", "ceo@ours.example"},
      {"ceo%@ours.example", "ceo%@ours.example"},
      {"ceo@victim.example@ours.example", "ceo@victim.example"},
      {"ceo@victim.example@other.example", "ceo@victim.example@other.example"},
      {"ours.example!ours.example!ours.example!ours.example!ours.example!ours.example!ours.example!ours.example!"
       "ours.example!ours.example!ours.example!ours.example!victim.example!ceo@ours.example",
       "ceo@victim.example"},
      {"ceo", "ceo"},
      {"", ""}};
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(routed_mailbox(row.in, [](std::string_view domain) { return domain == "ours.example"; }) == row.want);
  }
}

TEST_CASE("a mailbox as SMTP writes it is read as the same") {
  struct Row {
    const char *in, *want;
  };
  const Row rows[] = {{"ceo@victim.example", "ceo@victim.example"},
                      {"ceo%x!y+z@a.example", "ceo%x!y+z@a.example"},
                      {"c eo@victim.example", "\"c eo\"@victim.example"},
                      {"c\"e\\o@a.example", "\"c\\\"e\\\\o\"@a.example"},
                      {"a@b@c.example", "\"a@b\"@c.example"},
                      {".ceo@a.example", "\".ceo\"@a.example"},
                      {"@a.example", "\"\"@a.example"},
                      {"c\xc3\xa9o@a.example", "c\xc3\xa9o@a.example"},
                      {"ceo@[IPv6:::1]", "ceo@[IPv6:::1]"},
                      {"postmaster", "postmaster"},
                      {"", ""}};
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(quoted_mailbox(row.in) == row.want);
    CHECK(mailbox_in_path('<' + quoted_mailbox(row.in) + '>') == row.in);
  }
}

TEST_CASE("a path of any bytes is read to its end, and once") {
  const char* pieces[] = {"<", ">", "(", ")", "\"", "\\", "[", "]",    "@",    ":",
                          ";", ",", "%", "!", ".",  " ",  "a", "\xff", "\x01", "a@b.example"};
  for (const char* first : pieces)
    for (const char* second : pieces) {
      std::string text = "<";
      while (text.size() < 100'000) text.append(first).append(second);
      text += '>';
      const auto mailbox = mailbox_in_path(text);
      if (mailbox) CHECK(mailbox->size() <= text.size());
      if (mailbox) routed_mailbox(meant_mailbox(*mailbox).value_or(""), [](std::string_view) { return true; });
    }
}

TEST_CASE("an address of the envelope: what is judged, what is shown, by what the doors find each other") {
  struct Row {
    const char *mailbox, *meant, *text, *original, *key, *also;
  };
  const Row rows[] = {
      {"ceo@victim.example", "ceo@victim.example", "ceo@victim.example", "ceo@victim.example", "ceo@victim.example",
       ""},
      {"CEO@Victim.example", "ceo@victim.example", "ceo@victim.example", "CEO@Victim.example", "ceo@victim.example",
       ""},
      {"ceo%Victim.example", "ceo@victim.example", "ceo@victim.example", "ceo@victim.example", "ceo%victim.example",
       ""},
      {"Ceo", "ceo@mx.example.net", "ceo@mx.example.net", "ceo@mx.example.net", "ceo", "ceo"},
      {"ceo@victim.example.", "ceo@victim.example", "ceo@victim.example", "ceo@victim.example.", "ceo@victim.example",
       ""},
      {"c eo@victim.example", "c eo@victim.example", "c eo@victim.example", "\"c eo\"@victim.example",
       "c eo@victim.example", ""},
      {"ceo@b\xc3\xbc"
       "cher.example",
       "ceo@b\xc3\xbc"
       "cher.example",
       "ceo@xn--bcher-kva.example",
       "ceo@b\xc3\xbc"
       "cher.example",
       "ceo@xn--bcher-kva.example", ""},
      {"", "", "", "", "", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.mailbox);
    const auto got = Address::of_envelope(row.mailbox, row.meant, {});
    CHECK(got.text() == row.text);
    CHECK(got.original() == row.original);
    CHECK(got.key() == row.key);
    CHECK((got.also() != nullptr ? got.also()->text() : "") == row.also);
    CHECK_FALSE(got.is_absent());
  }
}

TEST_CASE("what is no part of a mailbox's name") {
  struct Row {
    const char *in, *delimiters, *want;
    bool batv = true;
  };
  const Row rows[] = {
      {"ceo+news@a.example", "+", "ceo@a.example"},
      {"ceo-news@a.example", "+", "ceo-news@a.example"},
      {"ceo-news+x@a.example", "+-", "ceo@a.example"},
      {"ceo+news-x@a.example", "+-", "ceo@a.example"},
      {"owner-ceo@a.example", "+-", "owner-ceo@a.example"},
      {"owner-ceo+x@a.example", "+", "owner-ceo@a.example"},
      {"ceo-request@a.example", "-", "ceo-request@a.example"},
      {"-request@a.example", "-", "-request@a.example"},
      {"mailer-daemon@a.example", "-", "mailer-daemon@a.example"},
      {"+ceo@a.example", "+", "+ceo@a.example"},
      {"ceo+news@a.example", "", "ceo+news@a.example"},
      {"ceo+@a.example", "+", "ceo@a.example"},
      {"prvs=0123abcdef=ceo@a.example", "+", "ceo@a.example"},
      {"PRVS=0123ABCDEF=CEO@a.example", "+", "ceo@a.example"},
      {"prvs=0123abcdef=ceo+news@a.example", "+", "ceo@a.example"},
      {"prvs=0123abcdef=ceo@a.example", "+", "prvs=0123abcdef=ceo@a.example", false},
      {"btv1==012abcdef==ceo@a.example", "+", "ceo@a.example"},
      {"btv1==012abcdef=ceo@a.example", "+", "btv1==012abcdef=ceo@a.example"},
      {"prvs==ceo@a.example", "+", "prvs==ceo@a.example"},
      {"prvs=0123abcdef=@a.example", "+", "prvs=0123abcdef=@a.example"},
      {"prvs=0123abcdef@a.example", "+", "prvs=0123abcdef@a.example"},
      {"ceo+news", "+", "ceo"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CAPTURE(row.delimiters);
    const MailboxSpelling spelling{row.delimiters, row.batv};
    for (const auto& got : {Address::parse(row.in, spelling), Address::of_envelope(row.in, row.in, spelling)}) {
      CHECK(got.plain() == row.want);
      CHECK(got.is_plain() == (got.text() == got.plain()));
    }
  }
}

}  // namespace
}  // namespace mailweir
