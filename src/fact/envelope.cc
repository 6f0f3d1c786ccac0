// SPDX-License-Identifier: BSD-2-Clause
// Facts of the envelope: sender, recipient, size, direction.
#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <vector>

#include "check/login.h"
#include "fact/family.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

using enum FactType;

enum class Place : std::uint8_t {
  sender,
  recipient,
  recipient_count,
  size,
  queue_id,
  sender_domain,
  recipient_domain,
  recipient_domains,
  direction,
  sender_fqdn,
};

constexpr FactDefinition facts[] = {
    {.name = "sender",
     .type = address,
     .known = known_at_doors(Stage::mail),
     .meaning = "the envelope sender; <> is the null sender",
     .shows_first = true},
    {.name = "recipient",
     .type = address,
     .known = known_at_doors(Stage::rcpt),
     .meaning = "the recipient that is being judged; at data and later only if it is the only one",
     .shows_first = true},
    {.name = "recipient_count",
     .type = number,
     .known = known_at_doors(Stage::data),
     .meaning = "the number of recipients that were accepted"},
    {.name = "size",
     .type = number,
     .known = known_at_doors(Stage::mail),
     .meaning = "the size in bytes: what MAIL FROM declared; at end-of-message the true size",
     .needs = FactNeeds::body},
    {.name = "queue_id", .known = known_at_doors(Stage::data), .meaning = "the mail server's queue id"},
    {.name = "sender_domain",
     .type = domain,
     .known = known_at_doors(Stage::mail),
     .meaning = "the domain of sender",
     .shows_first = true},
    {.name = "recipient_domain",
     .type = domain,
     .known = known_at_doors(Stage::rcpt),
     .meaning = "the domain of recipient",
     .shows_first = true},
    {.name = "recipient_domains",
     .type = domain,
     .known = known_at_milter(Stage::data),
     .meaning = "the domains of all recipients that were accepted",
     .many = true},
    {.name = "direction",
     .type = word,
     .known = known_at_doors(Stage::mail),
     .meaning =
         "outgoing: authenticated, from [general] mynetworks or [dkim] internal_hosts, or local; otherwise incoming",
     .words = "outgoing incoming"},
    {.name = "sender_fqdn",
     .type = boolean,
     .known = known_at_doors(Stage::mail),
     .meaning = "whether sender_domain is a fully qualified name",
     .check = true},
};

// Bytes; more than a number of ours can be is as good as the most.
FactValue size_value(std::uint64_t bytes) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  return number_value(static_cast<std::int64_t>(std::min(bytes, most)));
}

class EnvelopeSource final : public FactSource {
 public:
  explicit EnvelopeSource(const FactReader& reader) : reader_(reader), transaction_(reader.transaction()) {}

  FactValue get(const FactRef& fact) override {
    switch (place_of<Place>(fact)) {
      case Place::sender: return address_value(transaction_.sender, sender_items_, false);
      case Place::recipient: return address_value(transaction_.recipient, recipient_items_, false);
      case Place::recipient_count: return number_value(static_cast<std::int64_t>(transaction_.recipient_count));
      case Place::size: {
        const auto& size = transaction_.size ? transaction_.size : transaction_.declared_size;
        return size ? size_value(*size) : FactValue();
      }
      case Place::queue_id: return text_value(transaction_.queue_id);
      case Place::sender_domain: return address_value(transaction_.sender, sender_items_, true);
      case Place::recipient_domain: return address_value(transaction_.recipient, recipient_items_, true);
      case Place::recipient_domains: return recipient_domains();
      case Place::direction: return text_value(reader_.is_outgoing() ? "outgoing" : "incoming");
      case Place::sender_fqdn: return sender_fqdn();
    }
    return {};
  }

  void forget(FactScope scope) override {
    if (scope == FactScope::transaction) recipient_domains_.clear();
  }

 private:
  // A mail address or its domain; two, where it is another address as well. The items are the same for both facts,
  // because a value of the one may still be in use when the other is asked.
  static FactValue address_value(const Address& address, std::array<FactItem, 2>& items, bool domains) {
    FactValue value;
    if (address.is_absent()) return value;
    std::size_t first = 0, count = 0;
    for (const Address* one : {&address, address.also()}) {
      if (one == nullptr) continue;
      items[count].address = one;
      items[count].text = one->domain();
      ++count;
    }
    if (domains && items[0].text.empty()) ++first;
    if (domains && count == 2 && items[1].text.empty()) --count;
    if (first >= count) return value;
    value.state = FactValue::State::known;
    value.one = items[first];
    if (count - first > 1) value.many = std::span(items).subspan(first, count - first);
    return value;
  }

  // Each once: a message may have tens of thousands of recipients. From data on no recipient comes any more.
  FactValue recipient_domains() {
    if (recipient_domains_.empty()) {
      std::set<std::string_view> domains;
      for (const Address& recipient : transaction_.recipients)
        for (const Address* one : {&recipient, recipient.also()})
          if (one != nullptr && !one->domain().empty()) domains.insert(one->domain());
      for (const auto domain : domains) recipient_domains_.push_back({domain});
    }
    FactValue value;
    value.many = recipient_domains_;
    if (!recipient_domains_.empty()) value.state = FactValue::State::known;
    return value;
  }

  // As the client wrote it: "ceo" is none, whatever domain the MTA appends.
  FactValue sender_fqdn() const {
    const Address& sender = transaction_.sender;
    if (sender.is_absent() || sender.is_null()) return {};
    const bool bare = sender.also() != nullptr && sender.also()->domain().empty();
    return boolean_value(!bare && is_fully_qualified(sender.domain()));
  }

  const FactReader& reader_;
  const Transaction& transaction_;
  std::array<FactItem, 2> sender_items_, recipient_items_;
  std::vector<FactItem> recipient_domains_;
};

}  // namespace

extern const FactFamily envelope_family{"envelope", facts, "", make_source<EnvelopeSource>};

}  // namespace mailweir
