// SPDX-License-Identifier: BSD-2-Clause
#include "fact/from.h"

#include <algorithm>

#include "base/text.h"
#include "check/helo.h"
#include "mail/address_list.h"
#include "mail/domain.h"
#include "mail/headers.h"
#include "mail/sendmail_host.h"

namespace mailweir {
namespace {

using enum FactType;

enum class Place : std::uint8_t { from, from_domain, from_count, from_domain_aligned };

constexpr FactDefinition facts[] = {
    {.name = "from",
     .type = address,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "the addresses in the From header",
     .needs = FactNeeds::header,
     .many = true},
    {.name = "from_domain",
     .type = domain,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "their domains",
     .needs = FactNeeds::header,
     .many = true},
    {.name = "from_count",
     .type = number,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "the number of addresses in the From headers; 0 means none",
     .needs = FactNeeds::header},
    {.name = "from_domain_aligned",
     .type = boolean,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "whether every From domain and sender_domain (for the null sender: helo_name) belong to one "
                "organization, by the public suffix list",
     .needs = FactNeeds::header},
};

FactValue values(std::span<const FactItem> items) {
  FactValue value;
  value.many = items;
  if (!items.empty()) value.state = FactValue::State::known;
  return value;
}

}  // namespace

FactValue FromSource::get(const FactRef& fact) {
  if (reader_.transaction().headers == nullptr) return {};
  read();
  switch (place_of<Place>(fact)) {
    case Place::from: return values(items_);
    case Place::from_domain: return values(domains_);
    case Place::from_count: return number_value(static_cast<std::int64_t>(count_));
    case Place::from_domain_aligned: return aligned();
  }
  return {};
}

// Sendmail makes a From field of the envelope sender where there is none, or an empty one.
void FromSource::take_sender() {
  const std::string& host = reader_.client().bare_names_host;
  const Address& sender = reader_.transaction().sender;
  if (host.empty() || sender.is_absent() || sender.is_null()) return;
  const auto is_empty = [](std::string_view value) { return trimmed(unfolded(value)).empty(); };
  if (!std::ranges::all_of(reader_.transaction().headers->values("From"), is_empty)) return;
  Address author = Address::parse(sender.original(), reader_.settings().spelling);
  const Address left = Address::parse(with_sendmail_host(author.original(), host), reader_.settings().spelling);
  if (left.text() != author.text()) author.set_also(left);
  addresses_.push_back(std::move(author));
}

// All addresses of all From fields: RFC 5322 wants one field, and a rule must not be slipped past by a second.
void FromSource::read() {
  if (read_ || reader_.transaction().headers == nullptr) return;
  read_ = true;
  items_.clear();
  domains_.clear();
  const auto& settings = reader_.settings();
  for (const auto& value : reader_.transaction().headers->values("From"))
    for (auto& address : parse_address_list(value, settings.spelling, reader_.client().bare_names_host))
      addresses_.push_back(std::move(address));
  count_ = addresses_.size();
  if (count_ == 0) take_sender();
  for (const Address& address : addresses_)
    for (const Address* one : {&address, address.also()}) {
      if (one == nullptr) continue;
      FactItem item;
      item.address = one;
      items_.push_back(item);
      item.text = one->domain();
      if (!item.text.empty()) domains_.push_back(item);
    }
}

// An author or a sender whose domain is none has nothing in common with anyone.
FactValue FromSource::aligned() {
  const PublicSuffixes* const suffixes = reader_.tools().suffixes;
  if (suffixes == nullptr || addresses_.empty()) return {};
  const std::string envelope = envelope_domain(reader_);
  const std::string organization = envelope.empty() ? std::string() : suffixes->registered_domain(envelope);
  return boolean_value(!envelope.empty() && std::all_of(items_.begin(), items_.end(), [&](const FactItem& author) {
    const auto domain = organization_name(author.address->domain());
    return !domain.empty() && suffixes->registered_domain(domain) == organization;
  }));
}

void FromSource::forget(FactScope scope) {
  if (scope != FactScope::transaction) return;
  read_ = false;
  addresses_.clear();
}

std::span<const FactItem> FromSource::items() {
  read();
  return read_ ? items_ : std::span<const FactItem>();
}

std::span<const FactItem> FromSource::domains() {
  read();
  return read_ ? domains_ : std::span<const FactItem>();
}

bool FromSource::names_domain() {
  read();
  return std::ranges::any_of(addresses_, [](const Address& address) { return !address.domain().empty(); });
}

std::string organization_name(std::string_view domain) {
  if (domain.starts_with('[') || address_in_helo(domain)) return {};
  return to_domain(domain).value_or("");
}

std::string envelope_domain(const FactReader& reader) {
  const Address& sender = reader.transaction().sender;
  return organization_name(sender.is_null() ? std::string_view(reader.client().helo_name) : sender.domain());
}

const FactFamily from_family{"from", facts, "", make_source<FromSource>};

}  // namespace mailweir
