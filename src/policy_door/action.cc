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

// What stands behind the action's word, of each effect that this door has.
std::string argument_of(const Hold<>& effect) {
  return cleaned(effect.text, true, 300 - Hold<>::row.in_policy.size() - 1);
}
std::string argument_of(const AddHeader<>& effect) { return effect.name + ": " + cleaned(effect.text, true, 700); }
std::string argument_of(const Route<>& effect) {
  return one_word(effect.named ? effect.named->postfix.front() : effect.text);
}
template <OnlyText Kind>
std::string argument_of(const Kind& effect) {
  return one_word(effect.text);
}

}  // namespace

std::string to_action(const Verdict& verdict, const Effects& effects, const ConfirmedRoutes& confirmed) {
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
  for (const Effect& effect : effects) {
    const EffectRow& row = row_of(effect);
    if (row.in_policy.empty()) continue;
    // Mail would leave by the usual way if Postfix does not know the transport, or wait for it in vain.
    if (const auto* route = std::get_if<Route<>>(&effect);
        route != nullptr && route->named && !confirmed.has(MailServer::postfix, *route->named))
      return cleaned("HOLD route " + route->text + ": not confirmed, see mailweirctl routes verify", true, 300);
    return std::string(row.in_policy) + ' ' +
           std::visit(
               []<typename Kind>(const Kind& one) {
                 if constexpr (Kind::row.in_policy.empty()) return std::string();
                 else return argument_of(one);
               },
               effect);
  }
  return "DUNNO";
}

}  // namespace mailweir
