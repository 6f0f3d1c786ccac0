// SPDX-License-Identifier: BSD-2-Clause
#include "app/suppression_desk.h"

#include "app/kept_suppressions.h"
#include "mail/address.h"

namespace mailweir {
namespace {

Error not_followed() { return Error{"no [follow] in the policy: nothing is learnt of bounces"}; }

Result<std::string> listed_suppressions(const Suppressions* suppressions) {
  if (suppressions == nullptr) return not_followed();
  return suppressions_json(*suppressions);
}

Result<std::string> suppress(Suppressions* suppressions, const KeyOfLimit& of, const std::string& answer,
                             WallTime now) {
  if (suppressions == nullptr) return not_followed();
  const std::string recipient = Address::parse(of.key).text();
  if (of.limit.empty() || recipient.find('@') == recipient.npos)
    return Error{"needs for whom (for=), and a mail address (recipient=)"};
  suppressions->put({folded(trimmed(of.limit)), recipient,
                     cleaned(answer.empty() ? std::string("by hand") : answer, true, Suppressions::longest_answer), now,
                     now, true});
  return std::string("{\"suppressed\": true}\n");
}

Result<std::string> unsuppress(Suppressions* suppressions, const KeyOfLimit& of) {
  if (suppressions == nullptr) return not_followed();
  const bool was = suppressions->delivered(folded(trimmed(of.limit)), Address::parse(of.key).text());
  return std::string(was ? "{\"removed\": true}\n" : "{\"removed\": false}\n");
}

}  // namespace

void offer_suppressions(AdminFunctions& functions, std::function<Suppressions*()> known, const Clock& clock) {
  functions.suppressed = [known] { return listed_suppressions(known()); };
  functions.unsuppress = [known](const KeyOfLimit& of) { return unsuppress(known(), of); };
  functions.suppress = [known, &clock](const KeyOfLimit& of, const std::string& answer) {
    return suppress(known(), of, answer, clock.wall());
  };
}

}  // namespace mailweir
