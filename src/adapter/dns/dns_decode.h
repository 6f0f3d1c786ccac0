// SPDX-License-Identifier: BSD-2-Clause
// A DNS message as it came over the wire, made into an Answer. RFC 1035 4, RFC 2308 (negative answers), RFC 6891
// (EDNS). The bytes are a stranger's: whatever they are, the work and the memory are bounded, and what makes no sense
// is temperror.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "port/dns.h"

namespace mailweir {

inline constexpr std::size_t most_records = 500;  // kept of one answer; the rest is left out, `detail` says so
inline constexpr int most_aliases = 16;           // CNAMEs in a row

struct DecodedAnswer {
  dns::Answer answer;
  // The message ends with an alias and says nothing of what it points to: this name is to be asked (RFC 1034 5.3.3,
  // step 4c). `answer` is a temperror then, for who cannot; its ttl is the least of the aliases'.
  std::string alias;
};

// `message` is an answer to `question` (the caller has matched id and question section). CNAMEs are followed within the
// message; `ttl` is the least of all records used, of a negative answer the SOA's (0 if there is none).
DecodedAnswer decode_message(const dns::Question& question, std::span<const unsigned char> message);
inline dns::Answer decode_answer(const dns::Question& question, std::span<const unsigned char> message) {
  return decode_message(question, message).answer;
}

// Whether the server could not send the whole of it (RFC 1035 4.1.1, TC).
bool is_truncated(std::span<const unsigned char> message);

}  // namespace mailweir
