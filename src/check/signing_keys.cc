// SPDX-License-Identifier: BSD-2-Clause
#include "check/signing_keys.h"

#include <algorithm>
#include <unordered_set>

#include "base/text.h"
#include "mail/address_list.h"

namespace mailweir {
namespace {

// A From field may name any number of domains; signing for all of ours must stay cheap.
constexpr std::size_t most_signatures = 16;

}  // namespace

std::vector<std::string_view> from_fields(const HeaderList& headers) {
  std::vector<std::string_view> values;
  for (const auto& field : headers.leaving())
    if (equal_folded(field.name, "From")) values.push_back(field.value);
  return values;
}

std::vector<std::string> author_domains(const std::vector<std::string_view>& from) {
  std::vector<std::string> domains;
  std::unordered_set<std::string> seen;
  for (const auto value : from)
    for (const auto& author : parse_address_list(value))
      if (std::string domain(author.domain()); seen.insert(domain).second) domains.push_back(std::move(domain));
  return domains;
}

std::vector<const DkimKey*> keys_of(const KeyRing& ring, const std::vector<std::string>& domains) {
  std::vector<const DkimKey*> found;
  for (const auto& domain : domains) {
    const auto keys = ring.find(domain);
    if (keys.empty() || std::find(found.begin(), found.end(), &keys.front()) != found.end()) continue;
    if (!found.empty() && found.size() + keys.size() > most_signatures) break;
    for (const auto& key : keys)
      if (std::find(found.begin(), found.end(), &key) == found.end()) found.push_back(&key);
  }
  return found;
}

std::string name_of(const DkimKey& key) { return key.selector + "._domainkey." + key.domain; }

}  // namespace mailweir
