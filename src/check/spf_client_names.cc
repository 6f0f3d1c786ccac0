// SPDX-License-Identifier: BSD-2-Clause
#include "check/spf_client_names.h"

#include <algorithm>

#include "mail/domain.h"

namespace mailweir::spf {

using dns::Answer;
using dns::Type;

void ClientNames::want() { lookups_.want({client_.reverse_name(), Type::PTR}); }

const std::vector<std::string>& ClientNames::validated() {
  if (asked_) return names_;
  const auto& pointers = lookups_.get({client_.reverse_name(), Type::PTR});
  none_ = pointers.status == Answer::Status::nxdomain || pointers.status == Answer::Status::nodata;
  const Type type = client_.is_v4() ? Type::A : Type::AAAA;
  const auto count = std::min(pointers.records.size(), most_pointers);
  for (std::size_t i = 0; i < count; ++i)
    if (dns::is_askable(pointers.records[i].text)) lookups_.want({pointers.records[i].text, type});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& name = pointers.records[i].text;
    if (!dns::is_askable(name)) continue;
    const auto& addresses = lookups_.get({name, type}).records;
    if (std::any_of(addresses.begin(), addresses.end(),
                    [&](const dns::Record& record) { return record.address == client_; }))
      names.push_back(name);
  }
  names_ = std::move(names);
  asked_ = true;  // only now: a lookup that is not there yet leaves by NotYet
  return names_;
}

bool ClientNames::none() {
  validated();
  return none_;
}

bool ClientNames::below(std::string_view domain) {
  const auto& names = validated();
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return is_at_or_below(name, domain); });
}

std::string ClientNames::best_for(std::string_view domain) {
  const auto& names = validated();
  if (names.empty()) return "unknown";
  if (std::find(names.begin(), names.end(), domain) != names.end()) return std::string(domain);
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const std::string& name) { return is_at_or_below(name, domain); });
  return found != names.end() ? *found : names.front();
}

}  // namespace mailweir::spf
