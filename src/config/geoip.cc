// SPDX-License-Identifier: BSD-2-Clause
// [geoip]: the database that knows the country of an address.
#include "config/sections.h"

namespace mailweir {

void read_geoip(Section section, const Document& document, const Builders& builders, Policy& policy) {
  const auto file = section.text("database");
  if (file) {
    const std::string path = document.resolve(file->value);
    auto countries = builders.countries(path);
    if (countries) {
      policy.countries = *std::move(countries);
      policy.country_database = file->value;
    } else {
      section.wrong("database", countries.error().what);
    }
  } else if (!section.raw().contains("database")) {
    section.wrong("database", "is missing: a file like \"/var/lib/GeoIP/GeoLite2-Country.mmdb\"");
  }
  section.finish();
}

}  // namespace mailweir
