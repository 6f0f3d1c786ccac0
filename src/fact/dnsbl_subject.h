// SPDX-License-Identifier: BSD-2-Clause
// DnsblSubject: what block lists are asked about. Each has two facts: which lists have it, and the sum of their
// weights.
#pragma once

#include <cstdint>
#include <optional>

#include "check/dnsbl.h"
#include "fact/definition.h"

namespace mailweir {

struct FactFamily;
extern const FactFamily dnsbl_family;

// In the order of the family's facts.
enum class DnsblSubject : std::uint8_t { client, client_name, helo, sender, from };
inline constexpr std::size_t dnsbl_subjects = 5;

// The subject of a fact of this family; nothing for others.
std::optional<DnsblSubject> dnsbl_subject(FactId id);
bool is_dnsbl_score(FactId id);

// The kind of zone that is asked about it.
constexpr DnsblKind dnsbl_kind(DnsblSubject subject) {
  return subject == DnsblSubject::client ? DnsblKind::address : DnsblKind::domain;
}

}  // namespace mailweir
