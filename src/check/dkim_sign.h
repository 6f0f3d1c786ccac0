// SPDX-License-Identifier: BSD-2-Clause
// DKIM signing (RFC 6376, RFC 8463): rsa-sha256 and ed25519-sha256, no l=, no SHA-1 (RFC 8301). Pure functions.
//
// Order of work: BodyHashes while the body streams by; then all edits of the header; then `cover` once, `sign` for each
// key, and only then HeaderList::add(Place::top, signature_field, value) for each, so that no signature covers another.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "check/key_ring.h"
#include "check/sign_policy.h"
#include "mail/headers.h"

namespace mailweir {

inline constexpr std::string_view signature_field = "DKIM-Signature";

// What a message's signatures cover of its header, the same for all keys.
struct CoveredHeaders {
  Canon canon = Canon::relaxed;
  bool fell_back = false;          // simple was wanted, but the MTA does not hand over the blank after the colon
  std::vector<std::string> names;  // h=
  std::string text;                // the fields in the order of h=, canonical
};

// The header as it leaves. Errors: no From field (RFC 6376 5.4 wants it signed), or more than `most_covered` names.
inline constexpr std::size_t most_covered = 500;
Result<CoveredHeaders> cover(const HeaderList& headers, const SignPolicy& policy);

// One DKIM-Signature value, without the blank after the colon, folded with LF and tab into lines under 78 columns where
// its parts allow it. `body_hash` is BodyHashes::hash(policy.body_canon). `identity`, or else the key's, if any, is the
// i= tag, "user@domain" or "@domain", at or below the key's domain.
Result<std::string> sign(const CoveredHeaders& covered, std::string_view body_hash, const DkimKey& key,
                         const SignPolicy& policy, WallTime now, const std::optional<std::string>& identity = {});

}  // namespace mailweir
