// SPDX-License-Identifier: BSD-2-Clause
// Facts: what they ask of block lists, and of the name in HELO.
#include <algorithm>

#include "base/text.h"
#include "check/helo.h"
#include "fact/facts.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

FactValue truth(bool value) {
  FactValue fact;
  fact.state = FactValue::State::known;
  fact.one.number = value ? 1 : 0;
  return fact;
}

// What a list of domains can be asked about: a name of two labels at least, no address.
void add_domain(std::vector<std::string>& domains, std::string_view text) {
  if (domains.size() >= DnsblFacts::most_domains || text.find('.') == text.npos || address_in_helo(text)) return;
  auto domain = to_domain(text);
  if (domain && std::find(domains.begin(), domains.end(), *domain) == domains.end())
    domains.push_back(std::move(*domain));
}

}  // namespace

DnsblInput Facts::dnsbl_input(DnsblSubject subject) {
  DnsblInput input;
  switch (subject) {
    case DnsblSubject::client: input.address = client_.address; break;
    case DnsblSubject::client_name:
      if (client_.name != "unknown") add_domain(input.domains, client_.name);
      break;
    case DnsblSubject::helo: add_domain(input.domains, client_.helo_name); break;
    case DnsblSubject::sender: add_domain(input.domains, transaction_.sender.domain()); break;
    case DnsblSubject::from:
      if (const FactValue from = from_addresses(true); from.state == FactValue::State::known)
        for (const FactItem& item : from.items()) add_domain(input.domains, item.text);
      break;
  }
  return input;
}

FactValue Facts::dnsbl(const FactRef& fact) {
  const DnsblSubject subject = *dnsbl_subject(fact.id);
  const DnsblInput input = dnsbl_input(subject);
  if (input.empty()) return {};
  Lookups& lookups = lookups_of(subject < DnsblSubject::sender ? session_lookups_ : transaction_lookups_);
  if (is_dnsbl_score(fact.id)) return dnsbl_.score(settings_->dnsbl, subject, input, lookups);
  return dnsbl_.listings(settings_->dnsbl, subject, fact.zones, input, lookups);
}

std::string Facts::reason_text(const FactRef& fact) {
  const auto subject = dnsbl_subject(fact.id);
  const auto text = [&] {
    return dnsbl_.text(settings_->dnsbl, *subject,
                       lookups_of(*subject < DnsblSubject::sender ? session_lookups_ : transaction_lookups_));
  };
  if (subject)
    if (auto known = text(); !known.empty()) return known;
  if (get(fact).state == FactValue::State::absent) return {};  // asked now, if no rule did
  return subject ? text() : std::string(reason(fact.id));
}

FactValue Facts::helo_address(FactId id) {
  if (client_.helo_name.empty()) return {};
  const auto address = address_in_helo(client_.helo_name);
  if (id == FactId::helo_is_address) return truth(address.has_value());
  if (id == FactId::helo_address_mismatch) return truth(address && client_.address && *address != *client_.address);
  Found found;
  if (settings_->our_names)
    found = address ? settings_->our_names->find(*address)
                    : settings_->our_names->find_domain(compared_domain(client_.helo_name));
  if (found.is_outage()) {
    FactValue trouble;
    trouble.state = FactValue::State::outage;
    return trouble;
  }
  return truth(found || (address && *address == IpAddress::parse(client_.server_address)));
}

}  // namespace mailweir
