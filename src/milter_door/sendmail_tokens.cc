// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/sendmail_tokens.h"

#include <algorithm>

#include "mail/comment.h"

namespace mailweir {
namespace {

using Kind = AddressToken::Kind;

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_control(char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f; }
constexpr bool is_special(char c) { return std::string_view("<>@,;:()[]").find(c) != std::string_view::npos; }
constexpr bool ends_word(char c) { return is_blank(c) || is_special(c) || c == '"' || c == '\\'; }

// Each returns how long the token at the start of `text` is; 0: it is none of its kind.

std::size_t quoted_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    else if (text[i] == '"') return i + 1;
  }
  return 0;
}

std::size_t literal_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ']') return i + 1;
    if (text[i] != ':' && ends_word(text[i])) break;
  }
  return 0;
}

std::size_t encoded_length(std::string_view text) {
  if (!text.starts_with("=?")) return 0;
  std::size_t i = 2;
  while (i < text.size() && text[i] != '?' && text[i] != '.' && text[i] != '\'' && !ends_word(text[i])) ++i;
  if (i + 2 >= text.size() || text[i] != '?' || text[i + 2] != '?') return 0;
  if (std::string_view("bBqQ").find(text[i + 1]) == text.npos) return 0;
  for (i += 3; i < text.size() && !is_blank(text[i]); ++i)
    if (text[i] == '?') return i + 1 < text.size() && text[i + 1] == '=' ? i + 2 : 0;
  return 0;
}

std::size_t word_length(std::string_view text) {
  const auto end = std::find_if(text.begin(), text.end(), ends_word);
  return static_cast<std::size_t>(end - text.begin());
}

}  // namespace

std::optional<std::vector<AddressToken>> address_tokens(std::string_view line) {
  if (std::any_of(line.begin(), line.end(), is_control)) return {};
  std::vector<AddressToken> tokens;
  bool blank = false;
  while (!line.empty()) {
    const char c = line.front();
    if (is_blank(c)) {
      blank = true;
      line.remove_prefix(1);
      continue;
    }
    AddressToken token{Kind::word, {}, blank};
    std::size_t length = 0;
    if (c == '"' || c == '(') {
      token.kind = c == '"' ? Kind::quoted : Kind::comment;
      length = c == '"' ? quoted_length(line) : comment_length(line);
      if (length == 0) return {};
    } else if (c == '\\') {
      token.kind = Kind::escaped;
      length = 2;
      if (line.size() < 2) return {};
    } else if (length = c == '[' ? literal_length(line) : 0; length > 0) {
      token.kind = Kind::literal;
    } else if (is_special(c)) {
      token.kind = Kind::special;
      length = 1;
    } else if (length = encoded_length(line); length > 0) {
      token.kind = Kind::encoded;
    } else {
      length = word_length(line);
    }
    token.text = line.substr(0, length);
    line.remove_prefix(length);
    tokens.push_back(token);
    blank = false;
  }
  return tokens;
}

}  // namespace mailweir
