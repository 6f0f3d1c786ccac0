// SPDX-License-Identifier: BSD-2-Clause
// libopendkim as a SignatureJudge: a second opinion, `[dkim] verifier = "libopendkim"`. It asks no DNS and reads no key
// record but one that is made anew of what we have read.
//
// Limits of the library, which no check before or after it mends:
// - it refuses a signature with bytes beyond ASCII, so U-labels (RFC 8616), with an encoded @ in i=, with over 64 bits
//   in x=;
// - it does not find the value of "b =", and takes a signature's own field for one of those that h= names;
// - it reads 4 KB of h=; of a signature of more than `longest_judged_signature`, or whose h= names so much of so long a
//   header that it would take seconds, it is not asked at all;
// - whether a signature has expired or is of the future it judges by the system's clock once more; dates before 300 s
//   after 1970 it takes for the future, so of a message with such a one all are judged without leeway for clocks;
// - a signature that covers DKIM-Signature fields fits only if it could read those too.
#pragma once

#include "base/result.h"
#include "port/signature_judge.h"

namespace mailweir {

inline constexpr std::size_t longest_judged_signature = 32 << 10;

Result<SignatureJudgePtr> make_opendkim_judge();

}  // namespace mailweir
