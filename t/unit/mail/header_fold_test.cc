// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "mail/body_lines.h"
#include "mail/header_fold.h"

using namespace mailweir;

namespace {

std::size_t longest(std::string_view name, std::string_view value) {
  std::size_t most = 0, line = name.size() + 1;
  for (const char c : value) {
    line = c == '\n' ? 0 : line + 1;
    most = std::max(most, line);
  }
  return std::max(most, line);
}

std::string unfolded_again(std::string text) {
  std::erase(text, '\n');
  return text;
}

std::string times(int count, const char* text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("long header lines are folded at their blanks") {
  struct Row {
    const char* what;
    std::string in;
    bool folds, whole;
  };
  const Row rows[] = {
      {"empty", "", false, true},
      {"short", " a b", false, true},
      {"just fits", ' ' + std::string(986, 'x'), false, true},  // 11 + 987
      {"one too many, without a blank", ' ' + std::string(987, 'x'), false, false},
      {"References on one line", times(60, " <0123456789abcdefghij@example.com>"), true, true},
      {"folded, with one long line", " a\n\tb\n" + times(60, " <0123456789abcdefghij@example.com>") + "\n c", true,
       true},
      {"runs of blanks", times(300, " \t  word"), true, true},
      {"a long word behind short ones", times(10, " word") + ' ' + std::string(990, 'x'), true, true},
      {"a word that is too long", " a " + std::string(999, 'x') + " b", true, false},
      {"its own blank is none to fold at", "   " + std::string(2000, 'x'), false, false},
      {"blanks only", std::string(2000, ' '), false, false},
      {"commas are no blanks", ' ' + times(60, "0123456789abcdefghij@example.com,"), false, false},
      {"blanks behind the last word", ' ' + std::string(900, 'x') + std::string(200, ' '), false, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const auto folded = fold_long_lines("References", row.in);
    CHECK(folded.text.has_value() == row.folds);
    CHECK((folded.too_long == 0) == row.whole);
    if (!folded.text) {
      CHECK((longest("References", row.in) <= longest_mail_line) == row.whole);
      continue;
    }
    CHECK(unfolded_again(*folded.text) == unfolded_again(row.in));
    CHECK((longest("References", *folded.text) <= longest_mail_line) == row.whole);
    for (std::size_t at = folded.text->find('\n'); at != std::string::npos; at = folded.text->find('\n', at + 1)) {
      CHECK((*folded.text)[at + 1] <= ' ');
      CHECK((*folded.text)[at + 2] > ' ');
    }
  }
}

TEST_CASE("a header line of a megabyte is folded in one pass") {
  const auto folded = fold_long_lines("To", times(1 << 18, " abc"));
  CHECK(folded.too_long == 0);
  CHECK(longest("To", folded.text.value_or("")) <= longest_mail_line);
  CHECK(fold_long_lines("To", std::string(1 << 20, 'x')).too_long > 1 << 20);
}

TEST_CASE("what of a body may be changed on its way") {
  struct Row {
    std::vector<std::string> chunks;
    const char* want;
  };
  const std::string full(998, 'x');
  const Row rows[] = {
      {{}, ""},
      {{"a\r\nb"}, ""},
      {{full + "\r\n" + full + "\r\n"}, ""},
      {{full + "x\r\n"}, "long_lines"},
      {{full, "\r\n", full}, ""},
      {{full, "x"}, "long_lines"},
      {{"b\xc3\xbc", "\r\n"}, "8bit"},
      {{"b\xc3\xbc\r\n", full, "xx", "\r\n"}, "8bit,long_lines"},
  };
  for (const auto& row : rows) {
    BodyLines lines;
    for (const auto& chunk : row.chunks) lines.write(chunk);
    CAPTURE(row.want);
    CHECK(lines.told() == row.want);
  }
}
