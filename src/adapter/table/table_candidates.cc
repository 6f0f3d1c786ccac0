// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table/table_candidates.h"

#include "adapter/table/table_key.h"
#include "base/text.h"

namespace mailweir {

std::vector<std::string> table_candidates(const IpAddress& address) {
  std::vector<std::string> keys{address.to_string()};
  for (unsigned prefix = address.is_v4() ? 32 : 128;; --prefix) {
    keys.push_back(address.masked(prefix).to_string() + '/' + std::to_string(prefix));
    if (prefix == 0) return keys;
  }
}

std::vector<std::string> domain_candidates(std::string_view domain) {
  std::vector<std::string> keys;
  if (domain.ends_with('.')) domain.remove_suffix(1);
  if (domain.empty() || domain.starts_with('.')) return keys;
  const std::string name = folded(could_be_key(domain));
  if (name.empty()) return keys;
  keys.push_back(name);
  for (auto dot = name.find('.', 1); dot != name.npos; dot = name.find('.', dot + 1)) keys.push_back(name.substr(dot));
  if (keys.size() > most_parents + 1) keys.erase(keys.begin() + 1, keys.end() - most_parents);
  return keys;
}

std::vector<std::string> table_candidates(const Address& address) {
  std::vector<std::string> keys;
  if (address.is_absent()) return keys;
  if (address.is_null()) return {"<>"};
  if (address.text().size() > longest_table_key) return domain_candidates(address.domain());
  keys.push_back(address.text());
  const std::string plain = address.is_plain() ? std::string() : address.plain();
  if (!plain.empty()) keys.push_back(plain);
  if (!address.local().empty()) keys.push_back(std::string(address.local()) + '@');
  if (!plain.empty()) keys.push_back(std::string(address.plain_local()) + '@');
  for (auto& key : domain_candidates(address.domain())) keys.push_back(std::move(key));
  return keys;
}

std::vector<std::string> word_candidates(std::string_view word) {
  if (word.empty() || word.size() > longest_table_key) return {};
  if (word.starts_with('@')) word.remove_prefix(1);
  std::vector<std::string> keys{folded(word)};
  if (const auto spelling = parse_table_key(keys.front());
      spelling && !spelling->network && !spelling->text.empty() && spelling->text != keys.front())
    keys.push_back(spelling->text);
  return keys;
}

}  // namespace mailweir
