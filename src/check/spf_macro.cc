// SPDX-License-Identifier: BSD-2-Clause
#include "check/spf_macro.h"

#include <algorithm>

#include "base/text.h"

namespace mailweir::spf {
namespace {

constexpr std::size_t longest_name = 253;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return fold(c) >= 'a' && fold(c) <= 'z'; }
bool is_alphanum(char c) { return is_digit(c) || is_alpha(c); }
bool is_delimiter(char c) { return std::string_view(".-+,/_=").find(c) != std::string_view::npos; }

// Reads "%{...}" whose '{' stands at `at`; leaves `at` behind the '}'.
MacroPiece parse_macro(std::string_view text, std::size_t& at, bool explanation, std::size_t offset) {
  const auto fault = [&](std::size_t where, std::string what) { return Fault{offset + where, std::move(what)}; };
  const std::size_t end = text.find('}', at);
  if (end == text.npos) throw fault(at, "a macro's closing brace is missing");
  ++at;
  MacroPiece piece;
  const char letter = fold(text[at]);
  const bool known = std::string_view("slodiphv").find(letter) != std::string_view::npos;
  const bool of_explanation = std::string_view("crt").find(letter) != std::string_view::npos;
  if (!known && !of_explanation) throw fault(at, "unknown macro");
  if (of_explanation && !explanation) throw fault(at, "this macro is allowed only in explanations");
  piece.letter = letter;
  piece.escaped = text[at] != letter;
  ++at;
  unsigned parts = 0;
  const auto digits = at;
  for (; is_digit(text[at]); ++at) parts = std::min(parts * 10 + static_cast<unsigned>(text[at] - '0'), 1000U);
  if (at > digits && parts == 0) throw fault(digits, "a macro keeps at least one part");
  piece.parts = static_cast<std::uint16_t>(parts);
  if (fold(text[at]) == 'r') {
    piece.reversed = true;
    ++at;
  }
  for (std::size_t i = at; i < end; ++i)
    if (!is_delimiter(text[i])) throw fault(i, "is not a delimiter of a macro");
  piece.text = text.substr(at, end - at);
  at = end + 1;
  return piece;
}

// The grammar's toplabel: letters, digits, inner hyphens, not digits alone.
bool is_top_label(std::string_view label) {
  if (label.empty() || !is_alphanum(label.front()) || !is_alphanum(label.back())) return false;
  if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alphanum(c) || c == '-'; })) return false;
  return !std::all_of(label.begin(), label.end(), is_digit);
}

std::string nibbles(const IpAddress& address) {
  if (address.is_v4()) return address.to_string();
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const auto byte : address.bytes()) {
    if (!text.empty()) text += '.';
    text += digits[byte >> 4];
    text += '.';
    text += digits[byte & 15];
  }
  return text;
}

std::string value_of(char letter, const MacroValues& values) {
  const auto& request = values.request;
  const auto local = [&] { return request.local.empty() ? std::string("postmaster") : request.local; };
  switch (letter) {
    case 's': return local() + '@' + request.domain;
    case 'l': return local();
    case 'o': return request.domain;
    case 'd': return std::string(values.domain);
    case 'i': return nibbles(request.client);
    case 'p': return std::string(values.client_name);
    case 'v': return request.client.is_v4() ? "in-addr" : "ip6";
    case 'h': return request.helo;
    case 'c': return request.client.to_string();
    case 'r': return request.receiver.empty() ? "unknown" : request.receiver;
    default: return std::to_string(std::chrono::floor<std::chrono::seconds>(request.now.time_since_epoch()).count());
  }
}

// RFC 7208 7.3: split at the delimiters, reverse, keep the right-hand parts, join with dots. Only as much of the value
// is looked at as is kept: a record may ask for one part of a long local part thousands of times.
std::string transformed(const std::string& value, const MacroPiece& piece) {
  if (piece.text.empty() && !piece.reversed && piece.parts == 0) return value;
  const std::string_view delimiters = piece.text.empty() ? std::string_view(".") : piece.text;
  std::vector<std::string_view> parts;  // of those that are kept the last one first
  std::string_view rest = value;
  while (piece.parts == 0 || parts.size() < piece.parts) {
    const auto at = piece.reversed ? rest.find_first_of(delimiters) : rest.find_last_of(delimiters);
    if (at == rest.npos) {
      parts.push_back(rest);
      break;
    }
    parts.push_back(piece.reversed ? rest.substr(0, at) : rest.substr(at + 1));
    rest = piece.reversed ? rest.substr(at + 1) : rest.substr(0, at);
  }
  std::string joined;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (part != parts.rbegin()) joined += '.';
    joined += *part;
  }
  return joined;
}

// All but RFC 3986's unreserved characters.
std::string url_escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (is_alphanum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += '%';
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

}  // namespace

MacroString parse_macros(std::string_view text, bool explanation, std::size_t offset) {
  MacroString macros;
  std::size_t plain = 0;
  const auto flush = [&](std::size_t end) {
    if (end > plain) macros.push_back({text.substr(plain, end - plain)});
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte != '%') {
      // RFC 7208 7.1, macro-literal; an explanation has blanks, too.
      if (byte > 0x7e || byte < (explanation ? ' ' : '!'))
        throw Fault{offset + at, "an octet that is not allowed here"};
      ++at;
      continue;
    }
    flush(at);
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (next == '{') {
      ++at;
      macros.push_back(parse_macro(text, at, explanation, offset));
    } else if (next == '%' || next == '_' || next == '-') {
      macros.push_back({next == '%' ? "%" : next == '_' ? " " : "%20"});
      at += 2;
    } else {
      throw Fault{offset + at, "% must be followed by {, %, _ or -"};
    }
    plain = at;
  }
  flush(text.size());
  return macros;
}

MacroString parse_domain_spec(std::string_view text, std::size_t offset) {
  if (text.empty()) throw Fault{offset, "a domain name is missing"};
  auto macros = parse_macros(text, false, offset);
  const auto& last = macros.back();
  if (last.letter != 0) return macros;
  const bool literal = last.text.data() + last.text.size() == text.data() + text.size();
  auto name = last.text;
  if (name.ends_with('.')) name.remove_suffix(1);
  const auto dot = name.rfind('.');
  if (!literal || dot == name.npos || !is_top_label(name.substr(dot + 1)))
    throw Fault{offset, "a domain name ends in a macro, or in a dot and a label of letters, digits and hyphens"};
  return macros;
}

bool uses_client_name(const MacroString& macros) {
  return std::any_of(macros.begin(), macros.end(), [](const MacroPiece& piece) { return piece.letter == 'p'; });
}

std::string expand(const MacroString& macros, const MacroValues& values, std::size_t longest) {
  std::string text;
  for (const auto& piece : macros) {
    if (piece.letter == 0) {
      text += piece.text;
    } else {
      auto value = transformed(value_of(piece.letter, values), piece);
      text += piece.escaped ? url_escaped(value) : value;
    }
    if (text.size() > longest) {
      text.resize(longest);
      break;
    }
  }
  return text;
}

std::string expand_name(const MacroString& macros, const MacroValues& values) {
  std::string name = folded(expand(macros, values, 64 * 1024));
  if (name.ends_with('.')) name.pop_back();
  while (name.size() > longest_name) {
    const auto dot = name.find('.', name.size() - longest_name - 1);
    if (dot == name.npos) break;  // no dot to cut at: too long to be asked for
    name.erase(0, dot + 1);
  }
  return name;
}

}  // namespace mailweir::spf
