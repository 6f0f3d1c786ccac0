// SPDX-License-Identifier: BSD-2-Clause
#include "policy_door/action.h"

#include <algorithm>

#include "base/text.h"

namespace mailweir {
namespace {

// What stands where Postfix expects one word.
std::string one_word(std::string_view text) {
  std::string word = cleaned(text, true, 500);
  std::erase_if(word, [](char c) { return c == ' '; });
  return word;
}

// Postfix puts "<recipient>: Recipient address rejected: " into it, and a reply line has 512 bytes (RFC
// 5321 4.5.3.1.5).
constexpr std::size_t longest_reply = 300;

std::string header_value(std::string_view text) { return cleaned(text, true, 700); }

}  // namespace

std::string to_action(const Verdict& verdict, const Effects& effects) {
  switch (verdict.action) {
    case Action::reject:
    case Action::defer: return verdict.reply.line(false, longest_reply);
    case Action::drop: {
      // access(5): 421 and 521 close the connection after the reply, other codes do not.
      Reply reply = verdict.reply;
      reply.code = reply.klass() == '5' ? "521" : "421";
      return reply.line(false, longest_reply);
    }
    case Action::discard: return cleaned("DISCARD " + verdict.reason, true, 300);
    case Action::permit: return "OK";
    case Action::none:
    case Action::accept: break;
  }
  if (effects.redirect) return "REDIRECT " + one_word(*effects.redirect);
  if (effects.route) return "FILTER " + one_word(*effects.route);
  if (effects.hold) return cleaned("HOLD " + *effects.hold, true, 300);
  if (!effects.bcc.empty()) return "BCC " + one_word(effects.bcc.front());
  for (const auto& edit : effects.edits)
    if (edit.kind == HeaderEdit::Kind::add) return "PREPEND " + edit.name + ": " + header_value(edit.text);
  return "DUNNO";
}

}  // namespace mailweir
