// SPDX-License-Identifier: BSD-2-Clause
#include "fact/facts.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "check/helo.h"
#include "check/iprev.h"
#include "check/login.h"
#include "check/sender_domain.h"
#include "fact/find_first.h"
#include "mail/address_list.h"
#include "mail/domain.h"
#include "mail/headers.h"

namespace mailweir {
namespace {

FactValue text_value(std::string_view text) {
  FactValue value;
  if (text.empty()) return value;
  value.state = FactValue::State::known;
  value.one.text = text;
  return value;
}

FactValue number_value(std::int64_t number) {
  FactValue value;
  value.state = FactValue::State::known;
  value.one.number = number;
  return value;
}

FactValue boolean_value(bool truth) { return number_value(truth ? 1 : 0); }

// Bytes; more than a number of ours can be is as good as the most.
FactValue size_value(std::uint64_t bytes) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  return number_value(static_cast<std::int64_t>(std::min(bytes, most)));
}

FactValue outage_value() {
  FactValue value;
  value.state = FactValue::State::outage;
  return value;
}

FactValue memo_value(const CheckMemo& memo) {
  FactValue value;
  value.state = memo.temperror ? FactValue::State::temperror : FactValue::State::known;
  value.one.text = memo.word;
  return value;
}

std::string_view login_domain(std::string_view login) {
  const auto at = login.rfind('@');
  return at == login.npos ? std::string_view() : login.substr(at + 1);
}

}  // namespace

void Facts::use(const FactSettings& settings) {
  if (settings_ != &settings) dnsbl_.forget_all();  // they name lists of the old one
  settings_ = &settings;
}

void Facts::forget_helo() {
  helo_dns_.reset();
  dnsbl_.forget(DnsblSubject::helo);
  spf_.forget_helo();
}

void Facts::forget_transaction() {
  dnsbl_.forget(DnsblSubject::sender);
  dnsbl_.forget(DnsblSubject::from);
  spf_.forget_transaction();
  sender_domain_dns_.reset();
  from_read_ = false;
  from_.clear();
  headers_.clear();
  message_checks_.forget();
  if (blocked_ != nullptr) blocked_->forget();
  transaction_lookups_.reset();
  message_lookups_.reset();
  part_ = DnsBudget::Part::session;
  waited_at_part_ = std::chrono::microseconds(0);
  waited_before_ = session_lookups_ ? session_lookups_->waited() : std::chrono::microseconds(0);
}

bool Facts::is_outgoing() const {
  if (!transaction_.sasl_username.empty() || client_.origin == Origin::local) return true;
  return client_.address && settings_ != nullptr && settings_->mynetworks &&
         settings_->mynetworks->find(*client_.address);
}

FactValue Facts::get(const FactRef& fact) {
  if (fact.check() && skipped_.has(fact.id)) return {};
  // A fact that is not known yet is absent, and not an empty one: "not authenticated" can't be told at connect.
  const auto from = known_from(info(fact.id), door_);
  if (!from || *from > stage_) return {};
  switch (fact.id) {
    case FactId::client_address: {
      FactValue value;
      if (!client_.address) return value;
      value.state = FactValue::State::known;
      value.one.ip = &*client_.address;
      return value;
    }
    case FactId::client_name: return text_value(client_.name);
    case FactId::reverse_client_name: return text_value(client_.reverse_name);
    case FactId::client_port: return client_.port ? number_value(*client_.port) : FactValue();
    case FactId::helo_name: return text_value(client_.helo_name);
    case FactId::sender: return address_value(transaction_.sender, sender_items_, false);
    case FactId::recipient: return address_value(transaction_.recipient, recipient_items_, false);
    case FactId::recipient_count: return number_value(static_cast<std::int64_t>(transaction_.recipient_count));
    case FactId::sasl_username: return login_value();
    case FactId::sasl_method: return text_value(transaction_.sasl_method);
    case FactId::encryption_protocol: return text_value(client_.encryption_protocol);
    case FactId::encryption_cipher: return text_value(client_.encryption_cipher);
    case FactId::ccert_subject: return text_value(client_.ccert_subject);
    case FactId::ccert_issuer: return text_value(client_.ccert_issuer);
    case FactId::ccert_fingerprint: return text_value(client_.ccert_fingerprint);
    case FactId::size: {
      const auto& size = transaction_.size ? transaction_.size : transaction_.declared_size;
      return size ? size_value(*size) : FactValue();
    }
    case FactId::queue_id: return text_value(transaction_.queue_id);
    case FactId::server_address: {
      FactValue value;
      if (!server_address_) server_address_ = IpAddress::parse(client_.server_address);
      if (!server_address_) return value;
      value.state = FactValue::State::known;
      value.one.ip = &*server_address_;
      return value;
    }
    case FactId::server_port: return client_.server_port ? number_value(*client_.server_port) : FactValue();
    case FactId::sender_domain: return address_value(transaction_.sender, sender_items_, true);
    case FactId::recipient_domain: return address_value(transaction_.recipient, recipient_items_, true);
    case FactId::sasl_domain: return text_value(login_domain(transaction_.sasl_username));
    case FactId::authenticated: return boolean_value(!transaction_.sasl_username.empty());
    case FactId::tls: return boolean_value(!client_.encryption_protocol.empty());
    case FactId::door: return text_value(to_string(door_));
    case FactId::origin: return text_value(client_.origin == Origin::local ? "local" : "smtp");
    case FactId::direction: return text_value(is_outgoing() ? "outgoing" : "incoming");
    case FactId::service: return text_value(client_.service);
    case FactId::from: return from_addresses(false);
    case FactId::from_domain: return from_addresses(true);
    case FactId::from_count: return from_count();
    case FactId::from_domain_aligned: return from_domain_aligned();
    case FactId::header: return header(fact.header);
    case FactId::hops:
      return transaction_.headers != nullptr ? number_value(static_cast<std::int64_t>(transaction_.headers->hops()))
                                             : FactValue();
    case FactId::iprev: return iprev();
    case FactId::helo_dns: return domain_status(helo_dns_, session_lookups_, client_.helo_name, mailweir::helo_dns);
    case FactId::sender_domain_dns:
      return domain_status(sender_domain_dns_, transaction_lookups_, transaction_.sender.domain(),
                           mailweir::sender_domain_dns);
    case FactId::helo_fqdn:
      return client_.helo_name.empty() ? FactValue() : boolean_value(is_fully_qualified(client_.helo_name));
    case FactId::sender_fqdn: return sender_fqdn();
    case FactId::sender_login_mismatch: return sender_login_mismatch(*fact.map);
    case FactId::from_login_mismatch: return from_login_mismatch(*fact.map);
    case FactId::dnsbl:
    case FactId::dnsbl_score:
    case FactId::client_name_dnsbl:
    case FactId::client_name_dnsbl_score:
    case FactId::helo_dnsbl:
    case FactId::helo_dnsbl_score:
    case FactId::sender_dnsbl:
    case FactId::sender_dnsbl_score:
    case FactId::from_dnsbl:
    case FactId::from_dnsbl_score: return dnsbl(fact);
    case FactId::helo_is_address:
    case FactId::helo_is_ours:
    case FactId::helo_address_mismatch: return helo_address(fact.id);
    case FactId::spf:
    case FactId::spf_helo:
    case FactId::spf_explanation:
    case FactId::egress_spf: return spf(fact);
    case FactId::dkim:
    case FactId::dkim_domain:
    case FactId::dmarc:
    case FactId::dmarc_policy: return message_check(fact.id);
    case FactId::client_country: return client_country();
    case FactId::blocked: return blocked_ != nullptr ? blocked_->get(stage_) : FactValue();
    case FactId::own: return own_fact(fact);
  }
  return {};
}

FactValue Facts::own_fact(const FactRef& fact) {
  const OwnFact& own = settings_->own_facts[fact.own];
  for (const FactRef& key : own.keys) {
    const FactValue value = get(key);
    if (value.state != FactValue::State::known) continue;
    const Found found = find_first_in(*own.map, value.items(), key.type());
    if (found.is_outage()) return outage_value();
    if (found) return text_value(own_values_[fact.own] = *found);
  }
  return {};
}

// All addresses of all From fields: RFC 5322 wants one field, and a rule must not be slipped past by a second.
void Facts::read_from() {
  if (from_read_) return;
  from_read_ = true;
  from_items_.clear();
  from_domain_items_.clear();
  for (const auto& value : transaction_.headers->values("From"))
    for (auto& address : parse_address_list(value, spelling())) from_.push_back(std::move(address));
  for (const Address& address : from_) {
    FactItem item;
    item.address = &address;
    from_items_.push_back(item);
    item.text = address.domain();
    if (!item.text.empty()) from_domain_items_.push_back(item);
  }
}

FactValue Facts::from_count() {
  if (transaction_.headers == nullptr) return {};
  read_from();
  return number_value(static_cast<std::int64_t>(from_.size()));
}

FactValue Facts::from_addresses(bool domains) {
  if (transaction_.headers == nullptr) return {};
  read_from();
  FactValue value;
  value.many = domains ? from_domain_items_ : from_items_;
  if (!value.many.empty()) value.state = FactValue::State::known;
  return value;
}

FactValue Facts::header(const std::string& name) {
  if (transaction_.headers == nullptr) return {};
  auto found = headers_.find(name);
  if (found == headers_.end()) {
    HeaderValues values;
    values.texts = transaction_.headers->values(name);
    std::erase_if(values.texts,
                  [](const std::string& text) { return trimmed(text).empty(); });  // an empty field says nothing
    for (const auto& text : values.texts) values.items.push_back({text});
    found = headers_.emplace(name, std::move(values)).first;
  }
  FactValue value;
  value.many = found->second.items;
  if (!value.many.empty()) value.state = FactValue::State::known;
  return value;
}

FactValue Facts::iprev() {
  if (!client_.address) return {};
  if (!iprev_) {
    switch (client_.resolved) {  // what the MTA has found is used: no lookup of ours is needed
      case Resolved::ok: iprev_ = CheckMemo{"pass", "the MTA confirmed the name " + client_.name, false}; break;
      case Resolved::forged:
        iprev_ = CheckMemo{
            "fail", "the MTA found the name " + client_.reverse_name + ", which does not have this address", false};
        break;
      case Resolved::unknown: {
        const AuthResult result = mailweir::iprev(lookups_of(session_lookups_), *client_.address);
        iprev_ = CheckMemo{std::string(to_string(result.word)), result.reason, result.word == AuthWord::temperror};
      }
    }
  }
  return memo_value(*iprev_);
}

FactValue Facts::domain_status(std::optional<CheckMemo>& memo, std::shared_ptr<Lookups>& lookups,
                               std::string_view domain, DomainResult (*check)(Lookups&, std::string_view)) {
  if (domain.empty()) return {};
  if (!memo) {
    const DomainResult result = check(lookups_of(lookups), domain);
    memo = CheckMemo{std::string(to_string(result.status)), result.reason, result.status == DomainStatus::temperror};
  }
  return memo_value(*memo);
}

FactValue Facts::from_login_mismatch(const Table& owners) {
  if (transaction_.headers == nullptr) return {};
  read_from();
  if (from_.empty()) return {};
  bool unknown = false;
  // Of many authors most have no entry: one call may do for all.
  const bool none = from_.size() > 1 && find_first_in(owners, from_items_, FactType::address) == std::nullopt;
  for (const Address& address : from_) {
    const auto mismatch = none ? login_mismatch(Found(), transaction_.sasl_username, address)
                               : login_mismatch(owners, transaction_.sasl_username, address);
    if (mismatch.value_or(false)) return boolean_value(true);
    unknown = unknown || !mismatch;
  }
  return unknown ? outage_value() : boolean_value(false);
}

FactValue Facts::spf(const FactRef& fact) {
  if (settings_ == nullptr || !SpfFacts::has_input(fact, spf_asker())) return {};
  const auto* memo =
      spf_.get(fact, spf_asker(), lookups_of(SpfFacts::of_session(fact.id) ? session_lookups_ : transaction_lookups_));
  return memo != nullptr ? memo_value(*memo) : FactValue();
}

void Facts::start(const FactRef& fact) {
  if (skipped_.has(fact.id)) return;
  if (const auto subject = dnsbl_subject(fact.id)) {
    const DnsblInput input = dnsbl_input(*subject);
    const bool session = *subject < DnsblSubject::sender;
    if (!input.empty())
      DnsblFacts::start(settings_->dnsbl, *subject, fact.zones, input,
                        lookups_of(session ? session_lookups_ : transaction_lookups_));
    return;
  }
  if (SpfFacts::has(fact.id)) {
    if (SpfFacts::has_input(fact, spf_asker()))
      spf_.start(fact, spf_asker(),
                 lookups_of(SpfFacts::of_session(fact.id) ? session_lookups_ : transaction_lookups_));
  } else if (fact.id == FactId::iprev && client_.address && client_.resolved == Resolved::unknown && !iprev_) {
    lookups_of(session_lookups_).prefetch([address = *client_.address](Lookups& lookups) {
      mailweir::iprev(lookups, address);
    });
  } else if (fact.id == FactId::helo_dns && !client_.helo_name.empty() && !helo_dns_) {
    lookups_of(session_lookups_).prefetch([name = client_.helo_name](Lookups& lookups) {
      mailweir::helo_dns(lookups, name);
    });
  } else if (fact.id == FactId::sender_domain_dns && !transaction_.sender.domain().empty() && !sender_domain_dns_) {
    lookups_of(transaction_lookups_).prefetch([name = std::string(transaction_.sender.domain())](Lookups& lookups) {
      mailweir::sender_domain_dns(lookups, name);
    });
  }
}

std::string Facts::to_text(const FactRef& fact) { return fact.reason ? reason_text(fact) : to_text(fact, get(fact)); }

std::string Facts::to_text(const FactRef& fact, const FactValue& value) const {
  if (value.state == FactValue::State::absent) return {};
  if (value.state == FactValue::State::temperror) return "temperror";
  if (value.state == FactValue::State::outage) return "could not be asked";
  std::string text;
  // A sender or recipient that is another address as well: the first is its name.
  const bool one = fact.id == FactId::sender || fact.id == FactId::recipient || fact.id == FactId::sender_domain ||
                   fact.id == FactId::recipient_domain;
  for (const FactItem& item : one ? std::span(&value.one, 1) : value.items()) {
    if (!text.empty()) text += ", ";
    switch (fact.type()) {
      case FactType::ip: text += item.ip->to_string(); break;
      case FactType::number: text += std::to_string(item.number); break;
      case FactType::boolean: text += item.number != 0 ? "true" : "false"; break;
      case FactType::address: text += item.address->is_null() ? "<>" : item.address->original(); break;
      default: text += item.text;
    }
  }
  return text;
}

std::string_view Facts::reason(FactId id) const {
  if (const auto subject = dnsbl_subject(id)) return dnsbl_.reason(*subject);
  if (id >= FactId::dkim && id <= FactId::dmarc_policy) return message_reason(id);
  const auto& memo = id == FactId::iprev ? iprev_ : id == FactId::helo_dns ? helo_dns_ : sender_domain_dns_;
  const bool kept = id == FactId::iprev || id == FactId::helo_dns || id == FactId::sender_domain_dns;
  return kept && memo ? std::string_view(memo->reason) : std::string_view();
}

}  // namespace mailweir
