// SPDX-License-Identifier: BSD-2-Clause
// [spf] and [egress]: who evaluates SPF, and the addresses that our mail leaves from.
#include <algorithm>

#include "base/text.h"
#include "config/sections.h"

namespace mailweir {
namespace {

constexpr std::size_t most_egress = 32;  // each is an evaluation

std::vector<IpAddress> read_addresses(Section& section) {
  std::vector<IpAddress> addresses;
  const auto texts = section.texts("addresses");
  if (!texts) return addresses;
  for (const auto& text : *texts) {
    const auto address = IpAddress::parse(text.value);
    if (!address)
      section.problems().error(text.place, section.full("addresses"),
                               "\"" + cleaned(text.value, false, 60) + "\" is not an IP address");
    else if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) addresses.push_back(*address);
  }
  if (texts->empty()) section.wrong("addresses", "is empty: name the addresses that mail leaves from");
  if (addresses.size() > most_egress)
    section.wrong("addresses",
                  "are more than " + std::to_string(most_egress) + ": each needs a lookup; split them into routes");
  return addresses;
}

bool is_route_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

void read_spf(Section section, const Builders& builders, Policy& policy) {
  if (const auto engine = section.choice("engine", {"builtin", "libspf2"}))
    policy.spf_engine = *engine == 1 ? builders.libspf2() : nullptr;
  section.finish();
}

void read_egress(Section section, Policy& policy) {
  policy.egress.push_back({"", read_addresses(section)});
  if (const auto* routes = section.table("routes")) {
    for (const auto& [key, node] : *routes) {
      const std::string name(key.str());
      const auto* table = node.as_table();
      if (table == nullptr || !is_route_name(name)) {
        section.problems().error(
            place_of(node), section.full("routes." + cleaned(name, false, 60)),
            table == nullptr ? "must be a table: [egress.routes.NAME]" : "a name is letters, digits, _ - and .");
        continue;
      }
      Section route(*table, section.full("routes." + name), section.problems());
      if (!table->contains("addresses"))
        route.wrong("addresses", "is missing: the addresses that mail of this route leaves from");
      policy.egress.push_back({name, read_addresses(route)});
      route.finish();
    }
  }
  if (!section.raw().contains("addresses") && policy.egress.size() == 1)
    section.wrong("addresses", "is missing: the addresses that mail leaves from");
  section.finish();
}

}  // namespace mailweir
