// SPDX-License-Identifier: BSD-2-Clause
// A DNS message as it came over the wire, made into an Answer. RFC 1035 4, RFC 2308 (negative answers), RFC 6891 (EDNS).
// The bytes are a stranger's: whatever they are, the work and the memory are bounded, and what makes no sense is temperror.
#pragma once

#include <cstddef>
#include <span>

#include "port/dns.h"

namespace mailweir {

inline constexpr std::size_t most_records = 500;  // kept of one answer; the rest is left out, `detail` says so
inline constexpr int most_aliases = 16;           // CNAMEs in a row

// `message` is an answer to `question` (the caller has matched id and question section). CNAMEs are followed within the
// message; `ttl` is the least of all records used, of a negative answer the SOA's (0 if there is none).
dns::Answer decode_answer(const dns::Question& question, std::span<const unsigned char> message);

}  // namespace mailweir
