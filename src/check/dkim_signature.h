// SPDX-License-Identifier: BSD-2-Clause
// DkimSignature: what a DKIM-Signature field says (RFC 6376 3.5, 6.1.1; RFC 8463; U-labels by RFC 8616). Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "mail/auth_result.h"
#include "mail/dkim_canon.h"
#include "port/signer.h"

namespace mailweir {

struct DkimSignature {
  // Why it cannot pass, whatever key and message are. none: it may.
  AuthWord word = AuthWord::none;
  std::string reason;

  // As far as they can be read; texts are from the message.
  std::string domain, selector;  // d=, s=, in to_domain's spelling where they are domains
  std::string algorithm;         // a=, folded
  std::string start;             // of b=, 8 octets
  // Only if it may pass.
  KeyKind kind = KeyKind::rsa;
  Canon header_canon = Canon::simple, body_canon = Canon::simple;
  std::vector<std::string> covered;                    // h=, folded, in its order
  std::string body_hash, signature;                    // bh=, b=, decoded
  std::optional<std::uint64_t> body_length;            // l=
  std::optional<std::uint64_t> made;                   // t=
  bool of_subdomain = false;                           // i= is of a domain below d=
  std::size_t signature_begin = 0, signature_end = 0;  // the value of b= in the field's value, with what is around it

  std::string key_name() const { return selector + "._domainkey." + domain; }
};

// How far the signer's clock may be ahead of ours.
inline constexpr std::chrono::seconds most_clock_drift{300};

// `value` is all that follows the field's colon. The words are those of RFC 8601 2.7.1: neutral for what cannot be
// read, permerror for what can and may not pass, fail for what has expired or is dated in the future.
DkimSignature read_dkim_signature(std::string_view value, WallTime now);

}  // namespace mailweir
