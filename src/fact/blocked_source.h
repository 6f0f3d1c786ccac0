// SPDX-License-Identifier: BSD-2-Clause
// BlockedSource: who knows the fact `blocked`: which limits and rules have blocked a key of this transaction. Facts ask
// it, and know nothing of limits.
#pragma once

#include "fact/fact_value.h"
#include "mail/stage.h"

namespace mailweir {

class BlockedSource {
 public:
  virtual ~BlockedSource() = default;
  // An item for each list that has a key of this transaction, its number 1 and its text the list's name; else one with
  // number 0. outage: it could not be asked.
  virtual FactValue get(Stage stage) = 0;
  // The transaction is over.
  virtual void forget() = 0;
};

}  // namespace mailweir
