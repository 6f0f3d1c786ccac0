// SPDX-License-Identifier: BSD-2-Clause
// DKIM verification (RFC 6376 6, RFC 8463, RFC 8616) with keys from our own lookups.
//
// Stricter than RFC 6376 where RFC 8301 and common sense want it: rsa-sha1 and RSA keys under 1024 bits never pass, nor
// does a signature whose l= leaves a part of the body unsigned. A message without an address in From has nothing that
// could be signed (RFC 8601 2.7.1: permerror). Work is linear in header and body, for each of `most_signatures`
// signatures at most.
//
// With a SignatureJudge all this is judged here before or after it: what the signature, its key record and From say,
// the key's size, l=. What it says of header, key and body counts, but of a body in which a CR ends no line: there the
// one judge that there is, libopendkim, loses bytes, and our own hash counts too.
#pragma once

#include "base/clock.h"
#include "port/digest.h"
#include "port/public_key.h"
#include "port/verifier.h"

namespace mailweir {

// The clock, which outlives it, says whether a signature has expired.
VerifierPtr make_dkim_verifier(DigestsPtr digests, PublicKeysPtr keys, const Clock& clock);

}  // namespace mailweir
