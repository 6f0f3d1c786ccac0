// SPDX-License-Identifier: BSD-2-Clause
#include "mail/header_fold.h"

#include <algorithm>

namespace mailweir {
namespace {

constexpr std::size_t fold_after = 900;  // older servers have lower limits

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Where `line` may be folded, at a blank between two words: as far on as `room` allows, else at the first one after it.
// npos: nowhere.
std::size_t fold_place(std::string_view line, std::size_t room) {
  std::size_t place = line.npos;
  bool word = false;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    if (is_blank(line[i]) && word && !is_blank(line[i + 1])) {
      if (i > room && place != line.npos) break;
      place = i;
      if (i > room) break;
    }
    word = word || !is_blank(line[i]);
  }
  return place;
}

}  // namespace

Folded fold_long_lines(std::string_view name, std::string_view value) {
  Folded folded;
  std::string text;
  bool changed = false;
  std::size_t before = name.size() + (value.starts_with(' ') ? 1 : 2);  // an MTA may add a blank
  while (true) {
    const auto end = value.find('\n');
    auto line = value.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (before + line.size() > longest_mail_line) {
      const auto place = fold_place(line, fold_after - std::min(before, fold_after));
      const auto width = before + (place == line.npos ? line.size() : place);
      if (width > longest_mail_line) folded.too_long = std::max(folded.too_long, width);
      if (place == line.npos) break;
      text.append(line.substr(0, place)) += '\n';
      line.remove_prefix(place);
      before = 0;
      changed = true;
    }
    text += line;
    if (end == value.npos) break;
    text += '\n';
    value.remove_prefix(end + 1);
    before = 0;
  }
  if (changed) folded.text = std::move(text);
  return folded;
}

}  // namespace mailweir
