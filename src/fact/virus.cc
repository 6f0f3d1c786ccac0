// SPDX-License-Identifier: BSD-2-Clause
// What the virus scanner says of the message.
#include "fact/scan.h"

namespace mailweir {
namespace {

enum class Place : std::uint8_t { virus, virus_name };

constexpr FactDefinition facts[] = {
    {.name = "virus",
     .type = FactType::word,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "what clamd says of the message; unscanned: it did not look at all of it",
     .needs = FactNeeds::body,
     .words = "clean infected unscanned temperror",
     .check = true},
    {.name = "virus_name",
     .type = FactType::text,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "the name of the virus that clamd found",
     .needs = FactNeeds::body,
     .check = true,
     .part_of = "virus",
     .skipped = FactSkipped::with_whole},
};

constexpr std::string_view word_of(ScanStatus status) {
  switch (status) {
    case ScanStatus::clean: return "clean";
    case ScanStatus::found: return "infected";
    case ScanStatus::unscanned: return "unscanned";
    case ScanStatus::temperror: break;
  }
  return "temperror";
}

class VirusSource final : public ScanSource {
 public:
  explicit VirusSource(FactReader& reader) : ScanSource(reader, &MessageTools::virus) {}

  FactValue get(const FactRef& fact) override {
    const ScanAnswer* const said = answer();
    if (said == nullptr) return not_scanned();
    return place_of<Place>(fact) == Place::virus ? word_value(word_of(said->status)) : text_value(said->name);
  }

  std::vector<std::pair<std::string, std::string>> message_fields() const override {
    std::vector<std::pair<std::string, std::string>> fields;
    if (!answered()) return fields;
    fields.emplace_back("virus", word_of(answered()->status));
    if (!answered()->name.empty()) fields.emplace_back("virus_name", answered()->name);
    if (!answered()->why.empty()) fields.emplace_back("virus_reason", answered()->why);
    return fields;
  }
};

}  // namespace

extern const FactFamily virus_family{"virus", facts, "", make_source<VirusSource>};

}  // namespace mailweir
