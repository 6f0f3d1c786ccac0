// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/missing_keys.h"

#include <map>
#include <utility>
#include <variant>

#include "mail/domain.h"

namespace mailweir {
namespace {

// Domain, and where it is named.
using NamedSigners = std::vector<std::pair<std::string, std::string>>;

void add_signers(const Rule& rule, NamedSigners& signers) {
  const Sign* sign = rule.sign();
  if (sign == nullptr) return;
  const std::string where = "rule \"" + rule.name + "\".sign";
  for (const auto& domain : sign->domains) signers.emplace_back(domain, where);
  for (const auto& setting : sign->settings) {
    if (!setting.named || setting.of_author || setting.domain.empty()) continue;
    const auto* text = std::get_if<std::string>(&setting.domain.segments().front().what);
    if (auto domain = to_domain(text == nullptr ? std::string_view() : *text))
      signers.emplace_back(*std::move(domain), where);
  }
}

}  // namespace

std::vector<std::string> missing_keys(const Policy& policy, Deadline deadline) {
  std::vector<std::string> missing;
  if (policy.keys.place() == nullptr) return missing;
  NamedSigners signers;
  const auto& others = policy.other_signers;
  if (others.without_key == WithoutKey::provider) signers.emplace_back(others.provider, "dkim.provider");
  for (const auto& domain : others.also) signers.emplace_back(domain, "dkim.also");
  for (const auto& rules : policy.rules)
    for (const Rule& rule : rules) add_signers(rule, signers);
  std::map<std::string, KeysFound> asked;
  for (const auto& [domain, where] : signers) {
    const auto [known, fresh] = asked.try_emplace(domain);
    if (fresh) known->second = policy.keys.find(domain, deadline);
    const KeysFound& found = known->second;
    if (!found.keys.empty()) continue;
    const std::string start = where + ": " + domain;
    if (found.unreachable)
      missing.push_back(start + ": whether it has a key is not known: " +
                        (found.troubles.empty() ? "the keys cannot be read" : found.troubles.front()));
    else if (!found.troubles.empty())
      missing.push_back(start + " has no key that can be used: " + found.troubles.front());
    else if (!found.pending.empty())
      missing.push_back(start + ": its key " + name_of(*found.pending.front()) +
                        " is pending: publish its record (mailweirctl dkim record " + domain + ')');
    else
      missing.push_back(start + " has no key in " + policy.keys.place()->name() +
                        ", and signs nothing; make one with: mailweirctl dkim keygen " + domain);
  }
  return missing;
}

}  // namespace mailweir
