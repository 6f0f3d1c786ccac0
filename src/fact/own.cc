// SPDX-License-Identifier: BSD-2-Clause
// The policy file's own [facts]: what a map says of the first of some keys that it has.
#include <map>
#include <string>

#include "fact/family.h"
#include "fact/find_first.h"

namespace mailweir {
namespace {

constexpr FactDefinition facts[] = {
    {.name = "own",
     .known = known_of_logins(Stage::connect),
     .meaning = "a fact of the policy file's [facts]",
     .argument = FactArgument::own},
};

class OwnSource final : public FactSource {
 public:
  explicit OwnSource(FactReader& reader) : reader_(reader) {}

  // That none is asked for itself the loader of the policy saw to.
  FactValue get(const FactRef& fact) override {
    const OwnFact& own = reader_.settings().own_facts[fact.own];
    for (const FactRef& key : own.keys) {
      const FactValue value = reader_.get(key);
      if (value.state != FactValue::State::known) continue;
      const Found found = find_first_in(*own.map, value.items(), key.type());
      if (found.is_outage()) return outage_value();
      if (found) return text_value(values_[fact.own] = *found);
    }
    return {};
  }

 private:
  FactReader& reader_;
  std::map<std::size_t, std::string> values_;
};

}  // namespace

extern const FactFamily own_family{"own", facts, "", make_source<OwnSource>};

}  // namespace mailweir
