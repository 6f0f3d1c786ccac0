// SPDX-License-Identifier: BSD-2-Clause
// BlockFacts: the fact `blocked`: which limits and rules have blocked a key of this transaction. One call of the
// counter store asks for all keys that are known; each is asked once in a transaction. Owned by Facts; one thread at a
// time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/fact_value.h"
#include "mail/stage.h"

namespace mailweir {

class Facts;
struct Policy;
class Ledger;

class BlockFacts {
 public:
  void use(Ledger& ledger) { ledger_ = &ledger; }
  // An item for each list that has a key of this transaction, its number 1 and its text the list's name; else one with
  // number 0. outage: the store could not be asked; it is not asked again at this stage.
  FactValue get(Facts& facts, const Policy& policy, Stage stage);
  void forget();

 private:
  struct Asked {
    std::string_view list;  // the policy's
    std::string key;
    bool blocked = false;
    bool is(const Asked& other) const { return list == other.list && key == other.key; }
  };

  static constexpr std::size_t most_kept = 500;  // by recipient there may be many

  Ledger* ledger_ = nullptr;
  std::vector<Asked> asked_;
  std::vector<FactItem> items_;
  std::optional<Stage> failed_;
};

}  // namespace mailweir
