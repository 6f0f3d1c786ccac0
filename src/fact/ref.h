// SPDX-License-Identifier: BSD-2-Clause
// FactRef: one fact as a rule means it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fact/definition.h"
#include "port/table.h"

namespace mailweir {

struct FactRef {
  FactId id{};
  std::string header;                // header.NAME: NAME
  std::size_t own = 0;               // index into FactSettings::own_facts
  TablePtr map;                      // of a fact that is asked of a map
  std::vector<std::uint16_t> zones;  // of block lists: those asked, by their place in FactSettings::dnsbl; empty: all
  bool reason = false;               // in a template, {CHECK_reason}: why it says so
  std::size_t egress = 0;            // egress_spf.ROUTE: its place in FactSettings::egress
  std::string name;                  // as written, for explain and the log

  const FactInfo& info() const { return mailweir::info(id); }
  FactType type() const { return info().type; }
  bool check() const { return info().check; }
  bool is_own() const { return info().is_own(); }
};

// A fact that needs nothing but its name. The fact must exist.
inline FactRef ref_of(std::string_view name) {
  FactRef ref;
  ref.id = find_fact(name)->id;
  ref.name = name;
  return ref;
}

}  // namespace mailweir
