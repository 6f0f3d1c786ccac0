// SPDX-License-Identifier: BSD-2-Clause
#include "mail/encoded_word.h"

#include "base/base64.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t longest_word = 300;

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = fold(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::string from_q(std::string_view text) {  // RFC 2047 4.2
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '=' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      plain += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      plain += text[i] == '_' ? ' ' : text[i];
    }
  }
  return plain;
}

std::string from_b(std::string_view text) {  // 4.1; without padding too, as readers accept it
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string whole(text);
  whole.append((4 - whole.size() % 4) % 4, '=');
  return from_base64(whole).value_or(std::string(text));
}

}  // namespace

std::size_t encoded_word_length(std::string_view text) {
  if (!text.starts_with("=?")) return 0;
  int marks = 1;
  for (std::size_t i = 2; i < text.size() && i < longest_word && !is_blank(text[i]); ++i)
    if (text[i] == '?' && ++marks >= 4 && i + 1 < text.size() && text[i + 1] == '=') return i + 2;
  return 0;
}

std::string with_words_decoded(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const std::size_t size = encoded_word_length(text);
    if (size == 0) {
      plain += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto word = text.substr(2, size - 4);
    const auto charset_end = word.find('?'), encoding_end = word.find('?', charset_end + 1);
    const auto encoding = word.substr(charset_end + 1, encoding_end - charset_end - 1);
    const auto inside = word.substr(encoding_end + 1);
    if (equal_folded(encoding, "q")) plain += from_q(inside);
    else if (equal_folded(encoding, "b")) plain += from_b(inside);
    else plain += text.substr(0, size);
    text.remove_prefix(size);
  }
  return plain;
}

}  // namespace mailweir
