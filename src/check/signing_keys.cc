// SPDX-License-Identifier: BSD-2-Clause
#include "check/signing_keys.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "base/text.h"
#include "mail/address_list.h"

namespace mailweir {
namespace {

// A From field may name any number of domains; looking for the keys of all must stay cheap.
constexpr std::size_t most_domains = 100;

// They would make the same signature.
bool is_same(const DkimKey& a, const DkimKey& b) {
  return a.domain == b.domain && a.selector == b.selector && a.identity == b.identity;
}

void erase_known(KeysFound& found, const KeysFound& all) {
  std::erase_if(found.keys, [&](const DkimKeyPtr& key) {
    return std::ranges::any_of(all.keys, [&](const DkimKeyPtr& other) { return is_same(*key, *other); });
  });
}

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

void KeysFound::add(KeysFound other) {
  std::move(other.keys.begin(), other.keys.end(), std::back_inserter(keys));
  std::move(other.pending.begin(), other.pending.end(), std::back_inserter(pending));
  std::move(other.troubles.begin(), other.troubles.end(), std::back_inserter(troubles));
  std::move(other.news.begin(), other.news.end(), std::back_inserter(news));
  unreachable = unreachable || other.unreachable;
}

SigningKeys SigningKeys::of_message(const std::vector<std::string_view>& from) const {
  SigningKeys keys = *this;
  if (tables_ == nullptr) return keys;
  for (const auto value : from) {
    for (const auto& author : parse_address_list(value)) {
      std::pair<std::string, std::string> one(author.local(), author.domain());
      if (std::ranges::find(keys.authors_, one) == keys.authors_.end()) keys.authors_.push_back(std::move(one));
      if (keys.authors_.size() >= most_domains) return keys;
    }
  }
  return keys;
}

KeysFound SigningKeys::find(const std::string& domain, Deadline deadline) const {
  KeysFound found;
  if (place_ != nullptr && !domain.empty()) found = place_->find(domain, deadline);
  const auto named = ring_->find(domain);
  std::erase_if(found.keys, [&](const DkimKeyPtr& key) {
    return std::ranges::any_of(named, [&](const DkimKeyPtr& other) {
      return other->domain == key->domain && other->selector == key->selector;
    });
  });
  found.keys.insert(found.keys.begin(), named.begin(), named.end());
  for (const auto& [local, author] : authors_) {
    if (author != domain || domain.empty()) continue;
    KeysFound more = tables_->find_for(local, author, deadline);
    erase_known(more, found);
    found.add(std::move(more));
  }
  for (auto& trouble : ring_->troubles(domain)) found.troubles.push_back(std::move(trouble));
  return found;
}

KeysFound SigningKeys::find_all(const std::vector<std::string>& domains, Deadline deadline) const {
  KeysFound all;
  std::size_t asked = 0;
  for (const auto& domain : domains) {
    if (++asked > most_domains) break;
    KeysFound one = find(domain, deadline);
    erase_known(one, all);
    const bool full = !all.keys.empty() && all.keys.size() + one.keys.size() > most;
    if (full) one.keys.clear();
    all.add(std::move(one));
    if (full) break;
  }
  return all;
}

std::string name_of(const DkimKey& key) { return key.selector + "._domainkey." + key.domain; }

}  // namespace mailweir
