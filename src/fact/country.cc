// SPDX-License-Identifier: BSD-2-Clause
// The country that the client's address is used in.
#include <string>

#include "fact/family.h"

namespace mailweir {
namespace {

constexpr FactDefinition facts[] = {
    {.name = "client_country",
     .known = known_of_logins(Stage::connect),
     .meaning = "the country in which client_address is used, from [geoip] database: its ISO 3166 code, such as DE",
     .scope = FactScope::session},
};

class CountrySource final : public FactSource {
 public:
  explicit CountrySource(const FactReader& reader) : reader_(reader) {}

  // A database that was replaced may say something else to the next one who asks.
  FactValue get(const FactRef&) override {
    if (!reader_.client().address || !reader_.settings().countries) return {};
    country_ = reader_.settings().countries->country(*reader_.client().address);
    return text_value(country_);
  }

 private:
  const FactReader& reader_;
  std::string country_;
};

}  // namespace

extern const FactFamily country_family{"country", facts, "", make_source<CountrySource>};

}  // namespace mailweir
