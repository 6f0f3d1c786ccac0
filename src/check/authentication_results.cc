// SPDX-License-Identifier: BSD-2-Clause
#include "check/authentication_results.h"

#include <algorithm>

#include "base/text.h"
#include "mail/comment.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::size_t longest_value = 320, longest_reason = 200;

// RFC 2045 5.1: what stands in no token.
constexpr bool is_token_byte(char c) {
  return c > ' ' && c < 0x7f && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

std::string quoted_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// pvalue: a token, or [local-part] "@" domain-name, or else in quotes. A local part that is no plain one is quoted as a
// whole.
std::string property_value(std::string_view given) {
  const auto text = cleaned(given, true, longest_value);
  const auto at = text.find('@');
  const auto plain = [](std::string_view part) { return std::all_of(part.begin(), part.end(), is_token_byte); };
  if (!text.empty() && at == text.npos && plain(text)) return text;
  if (at != text.npos && at + 1 < text.size() && plain(std::string_view(text).substr(0, at)) &&
      plain(std::string_view(text).substr(at + 1)))
    return text;
  return quoted_string(text);
}

std::size_t after_comment(std::string_view text, std::size_t at) {
  return text.size() - behind_comment(text.substr(at)).size();
}

std::size_t after_blanks_and_comments(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (text[at] == '(') at = after_comment(text, at);
    else if (static_cast<unsigned char>(text[at]) <= ' ' || text[at] == 0x7f) ++at;
    else break;
  }
  return at;
}

// The first word, its quotes taken off. Blanks, comments and line ends within are left out: some reader may do so too.
std::string first_word(std::string_view text) {
  std::string word;
  std::size_t at = after_blanks_and_comments(text, 0);
  const bool in_quotes = at < text.size() && text[at] == '"';
  if (in_quotes) ++at;
  while (at < text.size()) {
    const char c = text[at];
    if (in_quotes ? c == '"' : c == ';' || c == '=') break;
    if (in_quotes && c == '\\' && at + 1 < text.size()) word += text[++at];
    else if (!in_quotes && c == '(') {
      at = after_comment(text, at);
      continue;
    } else if (static_cast<unsigned char>(c) > ' ') word += c;
    else if (!in_quotes && !word.empty() && c != '\n' && c != '\r') break;
    ++at;
  }
  return word;
}

std::string compared(std::string_view text) { return to_domain(text).value_or(folded(text)); }

}  // namespace

std::string authentication_results(std::string_view authserv_id, const std::vector<MethodResult>& results) {
  std::string value(authserv_id);
  if (results.empty()) value += "; none";
  for (const auto& result : results) {
    value += ";\n\t" + result.method + '=' + std::string(to_string(result.word));
    auto reason = cleaned(result.reason, true, longest_reason);
    std::replace(reason.begin(), reason.end(), ';', ',');  // some readers cut there, quoted or not
    if (!reason.empty()) value += " reason=" + quoted_string(reason);
    for (const auto& [name, property] : result.properties)
      if (!property.empty()) value += ' ' + name + '=' + property_value(property);
  }
  return value;
}

bool claims_authserv_id(std::string_view value, std::string_view authserv_id) {
  const auto word = first_word(value);
  const auto ours = compared(authserv_id);
  if (compared(word) == ours) return true;
  // "mx.example.org/1", "mx.example.org:x": no authserv-id, but a reader that stops there sees ours.
  const auto stop = word.find_first_of("/:,");
  return stop != word.npos && compared(word.substr(0, stop)) == ours;
}

bool is_authserv_id(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), is_token_byte);
}

}  // namespace mailweir
