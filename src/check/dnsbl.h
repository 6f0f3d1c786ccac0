// SPDX-License-Identifier: BSD-2-Clause
// Block lists in the DNS (RFC 5782): the name to ask, what an answer means, and the proof that a zone tells the truth.
// All of it plain functions; who may be trusted now is fact/dnsbl_watch.h's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "port/lookups.h"

namespace mailweir {

enum class DnsblKind : std::uint8_t { address, domain };
constexpr std::string_view to_string(DnsblKind kind) { return kind == DnsblKind::address ? "address" : "domain"; }

// Which answers of 127.0.0.0/8 mean a listing: from first to last, or all that differ from `first` in the last number
// only and have one of the bits of `mask` there.
struct DnsblCode {
  std::uint32_t first = 0, last = 0;
  std::uint8_t mask = 0;
  bool has(std::uint32_t address) const {
    return mask == 0 ? first <= address && address <= last : (address >> 8) == (first >> 8) && (address & mask) != 0;
  }
  bool operator==(const DnsblCode&) const = default;
};

// "127.0.0.2", "127.0.0.2-127.0.0.11", "127.0.0.0/28", "127.0.0.0&8" (the last number has bit 8; &12: bit 4 or 8).
// Errors: what cannot be told so, what is outside of 127.0.0.0/8 or touches 127.255.255.0/24, which means errors.
Result<DnsblCode> parse_dnsbl_code(std::string_view text);

struct DnsblList {
  std::string name;  // as rules name it
  std::string zone;  // in to_domain's spelling
  DnsblKind kind = DnsblKind::address;
  std::vector<DnsblCode> codes;  // empty: all of 127.0.0.0/8 but 127.255.255.0/24
  int weight = 1;
};

// 32 nibbles and their dots; a name has 253 characters.
inline constexpr std::size_t longest_dnsbl_zone = 253 - 64;

// "7.2.0.192.zen.example"; RFC 5782 2.1, IPv6 by nibbles: 2.4.
std::string dnsbl_name(const IpAddress& address, std::string_view zone);
// "example.com.dbl.example"; "" when the two together are no name: it cannot be listed.
std::string dnsbl_name(std::string_view domain, std::string_view zone);

enum class DnsblWord : std::uint8_t { listed, not_listed, error };
struct DnsblAnswer {
  DnsblWord word = DnsblWord::error;
  std::string detail;    // "127.0.0.4, 127.0.0.11" of a listing, at most 8 of them; why it is an error
  bool outside = false;  // an error: the answer is none of 127.0.0.0/8
};
// An answer in 127.255.255.0/24 or outside of the codes is an error, unless another one of the same answer is a
// listing.
DnsblAnswer read_dnsbl_answer(const dns::Answer& answer, const DnsblList& list);

// The listing's text as its zone gives it (TXT), cleaned of control bytes; "" when there is none.
std::string dnsbl_text(Lookups& lookups, const std::string& name);

// RFC 5782 5: what must be listed, and what must not.
struct DnsblTestPoint {
  std::string subject;  // "127.0.0.2", "::ffff:7f00:2", "TEST", ...
  dns::Question question;
  bool must_be_listed = false;
};
std::vector<DnsblTestPoint> dnsbl_test_points(const DnsblList& list);

struct DnsblProof {
  enum class Word : std::uint8_t { good, lies, trouble };
  Word word = Word::trouble;
  bool ipv4 = false, ipv6 = false, domains = false;  // what a good zone may be asked for
  std::string reason;                                // of a good one: the trouble that one family had
};
// lies: what must not be listed is, nothing is listed at all, or its answers are none of 127.0.0.0/8. trouble: a lookup
// failed for now, or the zone refuses this resolver (127.255.255.0/24).
DnsblProof prove_dnsbl(Lookups& lookups, const DnsblList& list);

}  // namespace mailweir
