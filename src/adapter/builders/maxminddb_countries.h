// SPDX-License-Identifier: BSD-2-Clause
// CountryFile: a MaxMind database (GeoLite2-Country.mmdb, or any that has country.iso_code), through libmaxminddb. A
// file that was replaced is picked up by refresh(): by a rename, as geoipupdate does it, so that no half of it is read.
// It is held in memory, 512 MiB at most. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "port/countries.h"

namespace mailweir {

class CountryFile : public Countries {
 public:
  // Reads the file again if it is not the one that was read. One that cannot be used is told in the log, and the old
  // content stays.
  virtual void refresh(Log& log) = 0;
};

// An error says why the file cannot be used, or that this build has no libmaxminddb.
Result<std::shared_ptr<CountryFile>> open_country_file(const std::string& path);

}  // namespace mailweir
