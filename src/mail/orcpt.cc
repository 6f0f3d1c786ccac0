// SPDX-License-Identifier: BSD-2-Clause
#include "mail/orcpt.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/code_point.h"
#include "base/text.h"
#include "mail/path.h"

namespace mailweir {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

// At least two hex_digits.
std::string hexadecimal(char32_t value) {
  std::string text;
  for (int shift = 20; shift >= 0; shift -= 4) {
    const auto digit = value >> shift & 0xf;
    if (digit != 0 || !text.empty() || shift <= 4) text += hex_digits[digit];
  }
  return text;
}

// RFC 3461 4: xtext.
std::string xtext(std::string_view text) {
  std::string coded;
  for (const char c : text) {
    if (c > ' ' && c < 0x7f && c != '+' && c != '=') {
      coded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      coded.append({'+', hex_digits[byte >> 4], hex_digits[byte & 0xf]});
    }
  }
  return coded;
}

// RFC 6533 3: utf-8-addr-xtext, which is ASCII.
std::string utf8_xtext(std::string_view text) {
  std::string coded;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = code_point(text, at);
    const char32_t value = point.length == 0 ? 0xfffd : point.value;
    if (value > ' ' && value < 0x7f && value != '+' && value != '=' && value != '\\') coded += text[at];
    else coded += "\\x{" + hexadecimal(value) + '}';
    at += std::max<std::size_t>(point.length, 1);
  }
  return coded;
}

// The character of a code that begins at `at` and the place behind it; nothing: none does.
std::optional<std::pair<char32_t, std::size_t>> code_at(std::string_view text, std::size_t at) {
  if (text.substr(at, 3) != "\\x{") return {};
  char32_t value = 0;
  for (std::size_t i = at + 3; i < text.size() && i < at + 10; ++i) {
    if (text[i] == '}' && i > at + 3) return std::pair(value, i + 1);
    const auto digit = hex_digits.find(fold(text[i]) >= 'a' ? static_cast<char>(fold(text[i]) - 32) : text[i]);
    if (digit == hex_digits.npos) return {};
    value = value << 4 | static_cast<char32_t>(digit);
  }
  return {};
}

void append_utf8(std::string& text, char32_t value) {
  const auto add = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (value < 0x80) return add(value);
  if (value < 0x800) add(0xc0 | value >> 6);
  else if (value < 0x10000) {
    add(0xe0 | value >> 12);
    add(0x80 | (value >> 6 & 0x3f));
  } else {
    add(0xf0 | value >> 18);
    add(0x80 | (value >> 12 & 0x3f));
    add(0x80 | (value >> 6 & 0x3f));
  }
  add(0x80 | (value & 0x3f));
}

}  // namespace

std::string orcpt_in_xtext(std::string_view orcpt) {
  constexpr std::string_view type = "utf-8;";
  if (!starts_folded(orcpt, type)) return std::string(orcpt);
  std::string text;
  for (std::size_t at = type.size(); at < orcpt.size();) {
    const auto code = code_at(orcpt, at);
    const bool fits = code && code->first > 0 && code->first < 0x110000 && (code->first & ~char32_t{0x7ff}) != 0xd800;
    if (fits) append_utf8(text, code->first);
    else text += orcpt[at];
    at = fits ? code->second : at + 1;
  }
  std::string coded(type);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte != 0x7f && c != '+' && c != '=') coded += c;
    else coded.append({'+', hex_digits[byte >> 4], hex_digits[byte & 0xf]});
  }
  return coded;
}

std::string orcpt_of(std::string_view mailbox) {
  const auto address = quoted_mailbox(mailbox);
  const bool ascii = std::ranges::all_of(address, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? "rfc822;" + xtext(address) : "utf-8;" + utf8_xtext(address);
}

}  // namespace mailweir
