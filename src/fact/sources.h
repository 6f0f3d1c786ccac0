// SPDX-License-Identifier: BSD-2-Clause
// FactSources: the sources of one session, each made when the first of its facts is asked; and what keeps them from
// being asked: the stage, and what rules have turned off.
#pragma once

#include <array>
#include <memory>

#include "fact/check_set.h"
#include "fact/family.h"

namespace mailweir {

class FactSources final : public FactReader {
 public:
  FactSources(const Client& client, const Transaction& transaction, Door door, dns::Resolver& resolver);

  void use(const FactSettings& settings);
  void use(const MessageTools& tools) { tools_ = tools; }
  void hand_in(const FactFamily& family, FactSource& source) { slots_[place_of(family)].source = &source; }
  void skip(const CheckSet& checks) { skipped_ = checks; }
  using FactReader::now;
  using FactReader::stage;
  void stage(Stage stage) { stage_ = stage; }
  void now(WallTime now) { now_ = now; }
  SessionLookups& all_lookups() { return lookups_; }
  const SessionLookups& all_lookups() const { return lookups_; }

  FactValue get(const FactRef& fact) override;
  void start(const FactRef& fact);
  void begin_message(const CheckSet& wanted);
  void body(std::string_view chunk);
  bool message_ends();
  bool await_message(Deadline deadline);
  std::vector<std::pair<std::string, std::string>> message_fields() const;
  void forget(FactScope scope);
  // The source of a fact's family; null: it was to be handed in, and was not.
  FactSource* source_of(const FactInfo& fact) { return source(fact.family); }
  // Null: nor was it asked yet.
  const FactSource* asked(const FactInfo& fact) const { return slots_[fact.family].source; }

 private:
  struct Slot {
    FactSource* source = nullptr;
    std::unique_ptr<FactSource> made;
  };

  static std::size_t place_of(const FactFamily& family);
  FactSource& source_of(const FactFamily& family) override { return *source(place_of(family)); }
  FactSource* source(std::size_t family);

  CheckSet skipped_;
  static constexpr std::size_t most_families = 24;
  std::array<Slot, most_families> slots_;  // by family
};

}  // namespace mailweir
