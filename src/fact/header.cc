// SPDX-License-Identifier: BSD-2-Clause
// Facts of the message's header.
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "fact/family.h"
#include "mail/headers.h"

namespace mailweir {
namespace {

enum class Place : std::uint8_t { header, hops };

constexpr FactDefinition facts[] = {
    {.name = "header",
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "the values of that header, unfolded",
     .needs = FactNeeds::header,
     .argument = FactArgument::header,
     .many = true,
     .any_text = true},
    {.name = "hops",
     .type = FactType::number,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "the number of Received headers",
     .needs = FactNeeds::header},
};

class HeaderSource final : public FactSource {
 public:
  explicit HeaderSource(const FactReader& reader) : transaction_(reader.transaction()) {}

  FactValue get(const FactRef& fact) override {
    if (transaction_.headers == nullptr) return {};
    if (place_of<Place>(fact) == Place::hops)
      return number_value(static_cast<std::int64_t>(transaction_.headers->hops()));
    FactValue value;
    value.many = field(fact.header).items;
    if (!value.many.empty()) value.state = FactValue::State::known;
    return value;
  }

  void forget(FactScope scope) override {
    if (scope == FactScope::transaction) fields_.clear();
  }

 private:
  struct Field {
    std::vector<std::string> texts;
    std::vector<FactItem> items;
  };

  const Field& field(const std::string& name) {
    const auto found = fields_.find(name);
    if (found != fields_.end()) return found->second;
    Field field;
    field.texts = transaction_.headers->values(name);
    // An empty field says nothing.
    std::erase_if(field.texts, [](const std::string& text) { return trimmed(text).empty(); });
    for (const auto& text : field.texts) field.items.push_back({text});
    return fields_.emplace(name, std::move(field)).first->second;
  }

  const Transaction& transaction_;
  std::map<std::string, Field, std::less<>> fields_;
};

}  // namespace

extern const FactFamily header_family{"header", facts, "", make_source<HeaderSource>};

}  // namespace mailweir
