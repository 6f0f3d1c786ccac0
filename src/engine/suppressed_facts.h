// SPDX-License-Identifier: BSD-2-Clause
// SuppressedFacts: the fact `suppressed`: whether earlier bounces have proved that the recipient is dead, for the scope
// of [bounces] suppress_by that this mail has. Without a scope nothing is suppressed. Owned by the session; one thread
// at a time.
#pragma once

#include <string>

#include "delivery/suppressions.h"
#include "fact/facts.h"
#include "fact/source.h"
#include "rule/policy.h"

namespace mailweir {

class SuppressedFacts final : public FactSource {
 public:
  // Both outlive it; null: nothing is suppressed.
  SuppressedFacts(Facts& facts, const Suppressions* suppressions) : facts_(facts), suppressions_(suppressions) {}

  void use(const Policy& policy) { policy_ = &policy; }
  FactValue get(const FactRef& fact) override;
  // The first answer, and its day.
  std::string_view reason(const FactRef&) const override { return reason_; }
  void forget(FactScope scope) override;

 private:
  Facts& facts_;
  const Suppressions* suppressions_;
  const Policy* policy_ = nullptr;
  std::string reason_;
};

}  // namespace mailweir
