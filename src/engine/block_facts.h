// SPDX-License-Identifier: BSD-2-Clause
// BlockFacts: the fact `blocked`: which limits and rules have blocked a key of this transaction. One call of the
// counter store asks for all keys that are known; each is asked once in a transaction. Owned by the session; one thread
// at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/ledger.h"
#include "fact/facts.h"
#include "fact/source.h"
#include "mail/stage.h"
#include "rule/policy.h"

namespace mailweir {

class BlockFacts final : public FactSource {
 public:
  // Both outlive it. The keys of rules are made of these facts.
  BlockFacts(Facts& facts, Ledger& ledger) : facts_(facts), ledger_(ledger) {}

  void use(const Policy& policy) {
    if (policy_ != &policy) forget(FactScope::transaction);  // its rules block other keys
    policy_ = &policy;
  }
  // After an outage the store is not asked again at the same stage.
  FactValue get(const FactRef& fact) override;
  void forget(FactScope scope) override;

 private:
  struct Asked {
    std::string_view list;  // the policy's
    std::string key;
    bool blocked = false;
    bool is(const Asked& other) const { return list == other.list && key == other.key; }
  };

  static constexpr std::size_t most_kept = 500;  // by recipient there may be many

  Facts& facts_;
  Ledger& ledger_;
  const Policy* policy_ = nullptr;
  std::vector<Asked> asked_;
  std::vector<FactItem> items_;
  std::optional<Stage> failed_;
};

}  // namespace mailweir
