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

bool is_dnsbl_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

void read_zone(Section& section, Dnsbl& list) {
  const auto zone = section.text("zone");
  if (!zone) {
    if (section.raw().get("zone") == nullptr) section.wrong("zone", "is missing: the list's zone, \"zen.example.net\"");
    return;
  }
  const auto domain = to_domain(zone->value);
  if (!domain || domain->find('.') == domain->npos) {
    section.wrong("zone", "\"" + cleaned(zone->value, false, 60) + "\" is not a domain name of two labels or more");
  } else if (list.kind == DnsblKind::address && domain->size() > longest_dnsbl_zone) {
    section.wrong("zone", "is longer than " + std::to_string(longest_dnsbl_zone) +
                              " characters: there is no room for an IPv6 address in front of it");
  } else {
    list.zone = *domain;
  }
}

Dnsbl read_list(Section section, const std::string& name) {
  Dnsbl list;
  list.name = name;
  if (const auto kind = section.choice("kind", {"address", "domain"}))
    list.kind = *kind == 0 ? DnsblKind::address : DnsblKind::domain;
  read_zone(section, list);
  if (const auto codes = section.texts("codes")) {
    if (codes->empty())
      section.wrong("codes", "is empty: no answer would ever be a listing; leave it out for all of 127.0.0.0/8");
    for (const auto& text : *codes) {
      const auto code = parse_dnsbl_code(text.value);
      if (code) list.codes.push_back(*code);
      else section.problems().error(text.place, section.full("codes"), code.error().what);
    }
  }
  if (const auto weight = section.number("weight", -1000, 1000)) list.weight = static_cast<int>(*weight);
  section.finish();
  return list;
}

}  // namespace

void read_dnsbl(const toml::table& table, Policy& policy, std::vector<Place>& places, Problems& problems) {
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
    if (!is_dnsbl_name(name)) wrong("a name is letters, digits, _ - and .");
    if (std::find(std::begin(taken), std::end(taken), name) != std::end(taken))
      wrong("means something else in conditions; choose another name");
    for (const Dnsbl& other : policy.dnsbl)
      if (equal_folded(other.name, name)) wrong("a DNSBL of this name exists already");
    places.push_back(place_of(node));
    policy.dnsbl.push_back(read_list(Section(*one, full, problems), name));
    if (policy.dnsbl.size() > 100) wrong("more than 100 DNSBLs");
  }
}

}  // namespace mailweir
