// SPDX-License-Identifier: BSD-2-Clause
#include "fact/dnsbl_subject.h"

#include "fact/family.h"

namespace mailweir {
namespace {

bool is_of_family(const FactInfo& fact) { return all_families()[fact.family] == &dnsbl_family; }

}  // namespace

std::optional<DnsblSubject> dnsbl_subject(FactId id) {
  const FactInfo& fact = info(id);
  if (!is_of_family(fact)) return {};
  return static_cast<DnsblSubject>(fact.place / 2);
}

bool is_dnsbl_score(FactId id) { return is_of_family(info(id)) && info(id).place % 2 == 1; }

}  // namespace mailweir
