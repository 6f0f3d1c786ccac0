// SPDX-License-Identifier: BSD-2-Clause
#include "config/key_places.h"

namespace mailweir {

std::string KeyPlaces::named(std::string_view key) const {
  const auto place = places_.find(key);
  const std::string where = place != places_.end() ? place->second.to_string() : file_;
  return where.empty() ? std::string(key) : where + ": " + std::string(key);
}

}  // namespace mailweir
