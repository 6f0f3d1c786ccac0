// SPDX-License-Identifier: BSD-2-Clause
// [spf] and [egress]: who evaluates SPF, and the addresses that our mail leaves from. [geoip]: the database that knows
// the country of an address.
#include <algorithm>

#include "base/text.h"
#include "config/addresses.h"
#include "config/egress.h"
#include "config/sections.h"

namespace mailweir {
namespace {

constexpr std::size_t most_egress = 32;  // each is an evaluation

void read_engine(const KeyPlace& place, SpfEnginePtr& engine) {
  if (const auto choice = place.section.choice(place.key, {"builtin", "libspf2"}))
    engine = *choice == 1 ? place.makings.builders.libspf2() : nullptr;
}
std::string print_engine(const SpfEnginePtr& engine) { return as_toml(engine ? "libspf2" : "builtin"); }

void read_addresses(const KeyPlace& place, std::vector<IpAddress>& addresses) {
  form::list(form::ip_address, "is empty: name the addresses that mail leaves from").read(place, addresses);
  auto end = addresses.end();
  for (auto it = addresses.begin(); it != end; ++it) end = std::remove(it + 1, end, *it);
  addresses.erase(end, addresses.end());
  if (addresses.size() > most_egress)
    place.wrong("are more than " + std::to_string(most_egress) + ": each needs a lookup; split them into routes");
}

void read_own(const KeyPlace& place, std::vector<Egress>& egress) {
  read_addresses(place, egress.emplace_back().addresses);
}
std::string print_own(const std::vector<Egress>& egress) {
  return egress.empty() ? "" : form::print_addresses(egress.front().addresses);
}

void refuse_routes(const KeyPlace& place, std::vector<Egress>&) {
  if (place.node() != nullptr) place.wrong("write [routes.NAME] addresses = [...] instead of [egress.routes.NAME]");
}

void check_egress(Section& section, const Makings&, std::vector<Egress>&) {
  if (!section.raw().contains("addresses") && !section.raw().contains("routes"))
    section.wrong("addresses", "is missing: the addresses that mail leaves from");
}

void read_database(const KeyPlace& place, Policy& policy) {
  const auto file = place.text();
  if (!file) return;
  auto countries = place.makings.builders.countries(place.makings.document.resolve(file->value));
  if (!countries) return place.wrong(countries.error().what);
  policy.countries = *std::move(countries);
  policy.country_database = file->value;
}
std::string print_database(const Policy& policy) { return as_toml(policy.country_database); }

}  // namespace

Form<std::vector<IpAddress>> egress_addresses() { return {read_addresses, form::print_addresses}; }

SectionRow spf_section() {
  const Keys<Policy> keys = {{"engine", &Policy::spf_engine, {read_engine, print_engine}, reloads}};
  return {"spf", keys, InPolicy{}};
}

SectionRow egress_section() {
  const Keys<std::vector<Egress>> keys = {
      {"addresses", std::identity{}, {read_own, print_own}, reloads},
      {"routes", std::identity{}, {refuse_routes}, reloads},
  };
  return {"egress", keys, &Policy::egress,
          SectionTraits<std::vector<Egress>>{.check = check_egress, .is_shown = [](const std::vector<Egress>& egress) {
                                               return !egress.empty() && !egress.front().addresses.empty();
                                             }}};
}

SectionRow geoip_section() {
  const Keys<Policy> keys = {{"database", std::identity{},
                              form::required("a file like \"/var/lib/GeoIP/GeoLite2-Country.mmdb\"",
                                             Form<Policy>{read_database, print_database}),
                              reloads}};
  return {"geoip", keys, InPolicy{},
          SectionTraits<Policy>{.is_shown = [](const Policy& policy) { return policy.countries != nullptr; }}};
}

}  // namespace mailweir
