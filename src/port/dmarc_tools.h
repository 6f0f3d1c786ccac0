// SPDX-License-Identifier: BSD-2-Clause
// DmarcTools: what the DMARC check (check/dmarc.h) needs of libraries: reading a record, and knowing where a public
// suffix ends. Thread-safe once made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mailweir {

enum class DmarcPolicy : std::uint8_t { none, quarantine, reject };
constexpr std::string_view to_string(DmarcPolicy policy) {
  switch (policy) {
    case DmarcPolicy::none: return "none";
    case DmarcPolicy::quarantine: return "quarantine";
    case DmarcPolicy::reject: return "reject";
  }
  return "none";
}

// RFC 7489 6.3, as far as it concerns a receiver that sends no reports.
struct DmarcRecord {
  DmarcPolicy policy = DmarcPolicy::none;  // p=
  std::optional<DmarcPolicy> subdomains;   // sp=
  bool strict_dkim = false, strict_spf = false;
  unsigned percent = 100;  // pct=
};

class DmarcTools {
 public:
  virtual ~DmarcTools() = default;
  // `text` begins with v=DMARC1. Errors say what cannot be read (RFC 7489 6.6.3, step 6).
  virtual Result<DmarcRecord> read_record(std::string_view text) const = 0;
  // RFC 7489 3.2: "mail.example.co.uk" -> "example.co.uk"; a public suffix is its own. In to_domain's spelling.
  virtual std::string organizational_domain(std::string_view domain) const = 0;
};
using DmarcToolsPtr = std::shared_ptr<const DmarcTools>;

}  // namespace mailweir
