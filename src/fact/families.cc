// SPDX-License-Identifier: BSD-2-Clause
// The list of families, and that of all facts, which is made of it.
#include <algorithm>
#include <array>
#include <cassert>
#include <set>
#include <stdexcept>
#include <vector>

#include "base/text.h"
#include "fact/family.h"

namespace mailweir {

extern const FactFamily client_family, tls_family, from_family, header_family, country_family, dns_checks_family,
    helo_family, envelope_family, login_family, dnsbl_family, spf_family, dkim_family, dmarc_family, virus_family,
    spam_family, own_family, blocked_family, list_unsubscribe_family,
    local_user_family, forwarded_family, provider_family, signing_family, suppressed_family;

namespace {

// A family stands after those whose facts it reads.
constexpr std::array families{
    &client_family, &tls_family,      &from_family,  &header_family, &country_family, &dns_checks_family,
    &helo_family,   &envelope_family, &login_family, &dnsbl_family,  &spf_family,     &dkim_family,
    &dmarc_family,  &virus_family,    &spam_family,  &own_family,    &blocked_family, &list_unsubscribe_family,
    &local_user_family, &forwarded_family, &provider_family, &signing_family, &suppressed_family,
};

std::vector<FactInfo> list_facts() {
  if (const std::string why = objection_to_order(families); !why.empty()) throw std::logic_error(why);
  std::vector<FactInfo> all;
  for (std::size_t family = 0; family < families.size(); ++family) {
    std::uint8_t place = 0;
    for (const FactDefinition& definition : families[family]->facts)
      all.push_back(
          {definition, {}, static_cast<std::uint8_t>(all.size()), static_cast<std::uint8_t>(family), place++});
  }
  assert(all.size() <= most_facts);
  for (FactInfo& fact : all) fact.id = FactId(fact);  // where it stays from now on
  return all;
}

}  // namespace

std::span<const FactFamily* const> all_families() { return families; }

std::string objection_to_order(std::span<const FactFamily* const> families) {
  std::set<std::string_view> before;
  for (const FactFamily* const family : families) {
    for (const auto name : words(family->reads))
      if (!before.contains(name))
        return "facts: the family " + std::string(family->name) + " reads " + std::string(name) +
               ", which does not stand before it";
    if (!before.insert(family->name).second) return "facts: two families are named " + std::string(family->name);
  }
  return {};
}

std::span<const FactInfo> all_facts() {
  static const std::vector<FactInfo> all = list_facts();
  return all;
}

const FactInfo* find_fact(std::string_view name) {
  const bool of_header = name.starts_with("header.") && name.size() > 7;
  for (const auto& fact : all_facts()) {
    if (of_header && fact.argument == FactArgument::header) return &fact;
    if (fact.name == name && fact.argument != FactArgument::header && !fact.is_own()) return &fact;
  }
  return nullptr;
}

const FactInfo& own_fact() {
  return *std::find_if(all_facts().begin(), all_facts().end(), [](const FactInfo& fact) { return fact.is_own(); });
}

}  // namespace mailweir
