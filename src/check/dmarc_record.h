// SPDX-License-Identifier: BSD-2-Clause
// A DMARC Policy Record (RFC 9989 4.7, 4.8), as far as it concerns a receiver that sends no reports. fo, ruf, and the
// historic pct, rf and ri are unknown tags.
#pragma once

#include <cstdint>
#include <optional>
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

// psd=: whether the domain is a public suffix, is the organizational domain of the names below it, or does not say.
enum class DmarcPsd : std::uint8_t { unsaid, yes, no };

struct DmarcRecord {
  DmarcPolicy policy = DmarcPolicy::none;  // p=
  std::optional<DmarcPolicy> subdomains;   // sp=
  std::optional<DmarcPolicy> nonexistent;  // np=
  bool strict_dkim = false, strict_spf = false;
  DmarcPsd psd = DmarcPsd::unsaid;
  bool testing = false;  // t=y
};

// Whether the text begins with the version tag. Other texts are ignored.
bool is_dmarc_record(std::string_view text);

// A mistake in a tag leaves its default (4.8). An unusable p=, sp= or np= makes the record an error, or p=none where
// reports are requested (4.10.1); without p= it is p=none (4.7). The first tag of a name counts.
Result<DmarcRecord> read_dmarc_record(std::string_view text);

// psd= alone, which the tree walk reads of each record, an unusable one too.
DmarcPsd dmarc_psd(std::string_view text);

// The policy that a domain in test mode expects for failing mail: one level lower (4.7, t=y).
constexpr DmarcPolicy one_level_lower(DmarcPolicy policy) {
  return policy == DmarcPolicy::reject ? DmarcPolicy::quarantine : DmarcPolicy::none;
}

}  // namespace mailweir
