// SPDX-License-Identifier: BSD-2-Clause
#include "mail/reply.h"

#include <algorithm>

#include "base/text.h"

namespace mailweir {
namespace {

bool is_enhanced(std::string_view word) {
  const auto parts = split(word, '.');
  return parts.size() == 3 && std::all_of(parts.begin(), parts.end(),
                                          [](auto part) { return part.size() <= 3 && to_number(part).has_value(); });
}

}  // namespace

Result<Reply> Reply::parse(std::string_view text) {
  Reply reply;
  const auto blank = text.find(' ');
  reply.code = text.substr(0, blank);
  if (reply.code.size() != 3 || !to_number(reply.code) || (reply.code[0] != '4' && reply.code[0] != '5') ||
      reply.code[1] > '5')
    return Error{"does not start with a reply code (three digits, 4xx or 5xx); write for example \"550 5.7.1 text\""};
  std::string_view rest = blank == text.npos ? std::string_view() : trimmed(text.substr(blank + 1));
  const auto second = rest.substr(0, rest.find(' '));
  if (is_enhanced(second)) {
    if (second[0] != reply.code[0])
      return Error{"the enhanced code " + std::string(second) + " is not of the class of " + reply.code +
                   " (RFC 3463); write " + reply.code[0] + std::string(second.substr(1))};
    reply.enhanced = second;
    rest = trimmed(rest.substr(second.size()));
  } else {
    reply.enhanced = std::string(1, reply.code[0]) + ".7.1";
  }
  if (rest.empty()) return Error{"has a code but no text; write behind it why: \"550 5.7.1 text\""};
  reply.text = rest;
  return reply;
}

Reply Reply::as_class(char klass) const {
  if (code.empty() || code[0] == klass) return *this;
  Reply reply = *this;
  reply.code = std::string(1, klass) + "50";
  if (!reply.enhanced.empty()) reply.enhanced[0] = klass;
  return reply;
}

std::string Reply::line(bool utf8, std::size_t longest) const {
  std::string flat = text;
  std::replace(flat.begin(), flat.end(), '\n', ' ');
  return cleaned(code + ' ' + enhanced + ' ' + flat, !utf8, longest);
}

std::vector<std::string> Reply::lines(bool utf8) const {
  std::vector<std::string> result;
  for (const auto part : split(text, '\n')) {
    if (result.size() == 32) break;
    result.push_back(cleaned(part, !utf8, 400));
  }
  return result;
}

}  // namespace mailweir
