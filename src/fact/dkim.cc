// SPDX-License-Identifier: BSD-2-Clause
#include "fact/dkim.h"

#include <algorithm>

namespace mailweir {
namespace {

enum class Place : std::uint8_t { dkim, dkim_domain };

constexpr FactDefinition facts[] = {
    {.name = "dkim",
     .type = FactType::word,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "the best result among the message's DKIM signatures (RFC 6376, RFC 8601)",
     .needs = FactNeeds::body,
     .words = "pass fail neutral none policy temperror permerror",
     .check = true,
     .lookups = FactLookups::at_end},
    {.name = "dkim_domain",
     .type = FactType::domain,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "the domains whose DKIM signature passed",
     .needs = FactNeeds::body,
     .check = true,
     .lookups = FactLookups::at_end,
     .part_of = "dkim",
     .skipped = FactSkipped::with_whole},
};

}  // namespace

void DkimSource::begin_message() {
  if (begun_ || reader_.tools().verifier == nullptr) return;  // dmarc has begun it
  begun_ = true;
  verification_ = reader_.tools().verifier->begin(*reader_.transaction().headers, reader_.settings().dkim_judge);
  for (const auto& key : verification_->keys()) reader_.lookups(LookupsOf::message).want(key);
}

// Of a key record's name, as RFC 6376 3.6.2.1 makes it.
std::vector<std::string> DkimSource::signers() const {
  constexpr std::string_view middle = "._domainkey.";
  std::vector<std::string> domains;
  if (!verification_) return domains;
  for (const auto& key : verification_->keys()) {
    const auto at = key.name.find(middle);
    if (at == key.name.npos) continue;
    auto domain = key.name.substr(at + middle.size());
    if (std::find(domains.begin(), domains.end(), domain) == domains.end()) domains.push_back(std::move(domain));
  }
  return domains;
}

const DkimResult* DkimSource::result() {
  if (!begun_) return nullptr;
  if (!found_) {
    found_ = verification_->finish(reader_.lookups(LookupsOf::message));
    verification_.reset();
  }
  return &*found_;
}

FactValue DkimSource::get(const FactRef& fact) {
  const DkimResult* const all = result();
  if (all == nullptr) return {};
  if (place_of<Place>(fact) == Place::dkim) return word_value(to_string(all->word));
  signers_ = all->passed();
  items_.clear();
  for (const auto& domain : signers_) items_.push_back({domain});
  FactValue value;
  value.many = items_;
  if (!items_.empty()) value.state = FactValue::State::known;
  return value;
}

void DkimSource::forget(FactScope scope) {
  if (scope != FactScope::transaction) return;
  begun_ = false;
  verification_.reset();
  found_.reset();
}

const FactFamily dkim_family{"dkim", facts, "", make_source<DkimSource>};

}  // namespace mailweir
