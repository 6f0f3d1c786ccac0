// SPDX-License-Identifier: BSD-2-Clause
// Reads [dnsbl.NAME], the block lists in the DNS.
#include <algorithm>

#include "base/text.h"
#include "config/sections.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

// Words that conditions have a meaning for.
constexpr std::string_view taken[] = {"any", "none", "temperror"};

void read_zone(const KeyPlace& place, WrittenDnsbl& list) {
  const auto zone = place.text();
  if (!zone) return;
  const auto domain = to_domain(zone->value);
  if (!domain || domain->find('.') == domain->npos) {
    place.wrong("\"" + cleaned(zone->value, false, 60) + "\" is not a domain name of two labels or more");
  } else if (list.kind == DnsblKind::address && domain->size() > longest_dnsbl_zone) {
    place.wrong("is longer than " + std::to_string(longest_dnsbl_zone) +
                " characters: there is no room for an IPv6 address in front of it");
  } else {
    list.zone = *domain;
  }
}

Result<std::string> page(const std::string& text) {
  const bool is_url = starts_folded(text, "https://") || starts_folded(text, "http://");
  if (is_url && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; })) return text;
  return Error{"must be a URL, like \"https://list.example/remove?ip={address}\""};
}

Result<DnsblCode> code(const std::string& text) { return parse_dnsbl_code(text); }

}  // namespace

const Keys<WrittenDnsbl>& dnsbl_keys() {
  static const Keys<WrittenDnsbl> keys = {
      {"kind", &WrittenDnsbl::kind,
       form::choice<DnsblKind>({{"address", DnsblKind::address}, {"domain", DnsblKind::domain}}), reloads},
      {"zone", std::identity{}, form::required("the list's zone, \"zen.example.net\"", Form<WrittenDnsbl>{read_zone}),
       reloads},
      {"codes", &WrittenDnsbl::codes,
       form::list(code, "is empty: no answer would ever be a listing; leave it out for all of 127.0.0.0/8"), reloads},
      {"weight", &WrittenDnsbl::weight, form::number<int>(-1000, 1000), reloads},
      {"removal", &WrittenDnsbl::removal, form::parsed(page), reloads},
  };
  return keys;
}

void read_dnsbl(const toml::table& table, const Makings& makings, Policy& policy, ReputationConfig& reputation,
                std::vector<Place>& places, Problems& problems) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const std::string full = "dnsbl." + name;
    const Place place = place_of(node);
    const auto wrong = [&](std::string_view why) { problems.error(place, full, why); };
    const auto* one = node.as_table();
    if (one == nullptr) {
      wrong("must be a table: [dnsbl.NAME] with a zone");
      continue;
    }
    if (!is_name(name)) wrong("a name is letters, digits, _ - and .");
    if (std::find(std::begin(taken), std::end(taken), name) != std::end(taken))
      wrong("means something else in conditions; choose another name");
    for (const Dnsbl& other : policy.dnsbl)
      if (equal_folded(other.name, name)) wrong("a DNSBL of this name exists already");
    places.push_back(place_of(node));
    WrittenDnsbl list;
    list.name = name;
    read_table(dnsbl_keys(), *one, full, problems, makings, list);
    if (!list.removal.empty()) reputation.removals[name] = list.removal;
    policy.dnsbl.push_back(std::move(list));
    if (policy.dnsbl.size() > 256) wrong("more than 256 DNSBLs");
  }
}

}  // namespace mailweir
