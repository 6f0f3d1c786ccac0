// SPDX-License-Identifier: BSD-2-Clause
// Countries: which country an IP address is used in, by a database. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/ip.h"

namespace mailweir {

class Countries {
 public:
  virtual ~Countries() = default;
  // The ISO 3166 code in upper case ("DE"); "" where the database has none.
  virtual std::string country(const IpAddress& address) const = 0;
};
using CountriesPtr = std::shared_ptr<const Countries>;

}  // namespace mailweir
