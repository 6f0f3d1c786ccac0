// SPDX-License-Identifier: BSD-2-Clause
// FactFamily: facts that are found out together, in a source file of their own: one row of the list in families.cc. A
// family that others read is declared in its own header.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "fact/definition.h"
#include "fact/reader.h"
#include "fact/source.h"

namespace mailweir {

struct FactFamily {
  std::string_view name;
  std::span<const FactDefinition> facts;
  std::string_view reads;  // the names of the families that it asks, blanks between; they stand before it in the list
  // Null: the source is handed in.
  std::unique_ptr<FactSource> (*make)(FactReader& reader) = nullptr;
};

// For a row: makes the family's source when the first of its facts is asked.
template <typename Source>
std::unique_ptr<FactSource> make_source(FactReader& reader) {
  return std::make_unique<Source>(reader);
}

// In the order in which their facts are listed.
std::span<const FactFamily* const> all_families();

// Why families in this order cannot be used: one reads a family that does not stand before it, so that they could ask
// each other in a circle, or itself; or two have one name. Empty: they can.
std::string objection_to_order(std::span<const FactFamily* const> families);

}  // namespace mailweir
