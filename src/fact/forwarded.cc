// SPDX-License-Identifier: BSD-2-Clause
// Mail that only passes through: from others, to others.
#include "fact/family.h"

namespace mailweir {
namespace {

constexpr FactDefinition facts[] = {
    {.name = "forwarded",
     .type = FactType::boolean,
     .known = known_at_doors(Stage::rcpt),
     .meaning = "whether neither sender_domain nor recipient_domain is one of [general] our_domains"},
};

class ForwardedSource final : public FactSource {
 public:
  explicit ForwardedSource(const FactReader& reader) : reader_(reader) {}

  // Whose a report is, its null sender does not say.
  FactValue get(const FactRef&) override {
    const auto& ours = reader_.settings().our_domains;
    const Transaction& transaction = reader_.transaction();
    if (ours == nullptr || transaction.sender.domain().empty() || transaction.recipient.domain().empty()) return {};
    for (const Address* address : {&transaction.sender, &transaction.recipient})
      for (const Address* one : {address, address->also()}) {
        if (one == nullptr) continue;
        const Found found = ours->find_domain(one->domain());
        if (found.is_outage()) return outage_value();
        if (found) return boolean_value(false);
      }
    return boolean_value(true);
  }

 private:
  const FactReader& reader_;
};

}  // namespace

extern const FactFamily forwarded_family{"forwarded", facts, "", make_source<ForwardedSource>};

}  // namespace mailweir
