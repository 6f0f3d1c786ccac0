// SPDX-License-Identifier: BSD-2-Clause
#include "fact/sources.h"

#include <algorithm>
#include <cassert>

namespace mailweir {

FactSources::FactSources(const Client& client, const Transaction& transaction, Door door, dns::Resolver& resolver)
    : FactReader(client, transaction, door, resolver) {
  assert(all_families().size() <= most_families);
}

std::size_t FactSources::place_of(const FactFamily& family) {
  const auto families = all_families();
  return static_cast<std::size_t>(std::find(families.begin(), families.end(), &family) - families.begin());
}

FactSource* FactSources::source(std::size_t family) {
  Slot& slot = slots_[family];
  if (slot.source != nullptr || all_families()[family]->make == nullptr) return slot.source;
  slot.made = all_families()[family]->make(*this);
  return slot.source = slot.made.get();
}

FactValue FactSources::get(const FactRef& fact) {
  const FactInfo& known = fact.info();
  if (known.check && skipped_.has(fact.id)) return {};
  // A fact that is not known yet is absent, and not an empty one: "not authenticated" can't be told at connect.
  const auto from = known_from(known, door());
  if (!from || *from > stage()) return {};
  FactSource* const of_family = source(known.family);
  return of_family != nullptr ? of_family->get(fact) : FactValue();
}

void FactSources::start(const FactRef& fact) {
  if (skipped_.has(fact.id)) return;
  if (FactSource* const of_family = source(fact.info().family)) of_family->start(fact);
}

void FactSources::begin_message(const CheckSet& wanted) {
  if (wanted.empty() || transaction().headers == nullptr) return;
  const FactInfo* begun = nullptr;
  const auto facts = all_facts();  // in the order of their families
  for (auto fact = facts.rbegin(); fact != facts.rend(); ++fact) {
    if (!fact->check || !wanted.has(fact->id) || (begun != nullptr && begun->family == fact->family)) continue;
    begun = &*fact;
    if (FactSource* const family = source(fact->family)) family->begin_message();
  }
}

void FactSources::body(std::string_view chunk) {
  for (const Slot& slot : slots_)
    if (slot.source != nullptr) slot.source->body(chunk);
}

bool FactSources::message_ends() {
  bool any = false;
  for (const Slot& slot : slots_) any = (slot.source != nullptr && slot.source->message_ends()) || any;
  return any;
}

bool FactSources::await_message(Deadline deadline) {
  bool all = true;
  for (const Slot& slot : slots_) all = (slot.source == nullptr || slot.source->await_message(deadline)) && all;
  return all;
}

std::vector<std::pair<std::string, std::string>> FactSources::message_fields() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (const Slot& slot : slots_)
    if (slot.source != nullptr)
      for (auto& field : slot.source->message_fields()) all.push_back(std::move(field));
  return all;
}

void FactSources::use(const FactSettings& settings) {
  if (settings_ == &settings) return;
  settings_ = &settings;
  for (const Slot& slot : slots_)
    if (slot.source != nullptr) slot.source->settings_changed();
}

void FactSources::forget(FactScope scope) {
  for (const Slot& slot : slots_)
    if (slot.source != nullptr) slot.source->forget(scope);
}

}  // namespace mailweir
