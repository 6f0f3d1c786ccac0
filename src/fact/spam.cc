// SPDX-License-Identifier: BSD-2-Clause
// What the spam scanner, rspamd or spamd, says of the message. Of one that is too large for it nothing is known.
#include "base/thousandths.h"
#include "fact/scan.h"

namespace mailweir {
namespace {

enum class Place : std::uint8_t { spam_score, spam_action, spam_symbols };

constexpr FactDefinition facts[] = {
    {.name = "spam_score",
     .type = FactType::decimal,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "the score that rspamd or spamd gives the message",
     .needs = FactNeeds::body,
     .check = true},
    {.name = "spam_action",
     .type = FactType::text,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "what rspamd would do with the message; of spamd: whether its required score is reached",
     .needs = FactNeeds::body,
     .check = true,
     .part_of = "spam_score",
     .skipped = FactSkipped::with_whole},
    {.name = "spam_symbols",
     .type = FactType::text,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "the names of the scanner's rules that hold",
     .needs = FactNeeds::body,
     .check = true,
     .part_of = "spam_score",
     .skipped = FactSkipped::with_whole,
     .many = true},
};

class SpamSource final : public ScanSource {
 public:
  explicit SpamSource(FactReader& reader) : ScanSource(reader, &MessageTools::spam) {}

  FactValue get(const FactRef& fact) override {
    const ScanAnswer* const said = answer();
    if (said == nullptr) return {};
    if (said->status == ScanStatus::temperror) return word_value("temperror");
    switch (place_of<Place>(fact)) {
      case Place::spam_score: {
        const auto score = score_of(*said);
        return score ? number_value(*score) : FactValue();
      }
      case Place::spam_action: return text_value(said->action);
      case Place::spam_symbols: break;
    }
    items_.clear();
    for (const auto& symbol : said->symbols) items_.push_back({symbol});
    FactValue value;
    value.many = items_;
    if (!items_.empty()) value.state = FactValue::State::known;
    return value;
  }

  std::vector<std::pair<std::string, std::string>> message_fields() const override {
    if (!answered()) return {};
    const auto score = score_of(*answered());
    const bool unscanned = answered()->status == ScanStatus::unscanned;
    std::vector<std::pair<std::string, std::string>> fields;
    fields.emplace_back("spam_score", score ? thousandths_text(*score) : unscanned ? "unscanned" : "temperror");
    if (!answered()->action.empty()) fields.emplace_back("spam_action", answered()->action);
    if (!answered()->why.empty()) fields.emplace_back("spam_reason", answered()->why);
    return fields;
  }

 private:
  static std::optional<std::int64_t> score_of(const ScanAnswer& said) {
    return said.score ? to_thousandths(*said.score) : std::nullopt;
  }

  std::vector<FactItem> items_;
};

}  // namespace

extern const FactFamily spam_family{"spam", facts, "", make_source<SpamSource>};

}  // namespace mailweir
