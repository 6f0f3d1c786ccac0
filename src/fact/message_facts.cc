// SPDX-License-Identifier: BSD-2-Clause
// Facts: what comes of the message's signatures and its author.
#include <algorithm>
#include <functional>
#include <utility>

#include "check/helo.h"
#include "fact/facts.h"
#include "mail/address_list.h"
#include "mail/address_literal.h"
#include "mail/domain.h"

namespace mailweir {

namespace {

FactRef ref_of_spf() {
  FactRef spf;
  spf.id = FactId::spf;
  return spf;
}

FactValue word_value(std::string_view word) {
  FactValue value;
  value.state = word == "temperror" ? FactValue::State::temperror : FactValue::State::known;
  value.one.text = word;
  return value;
}

// "" for what is not a valid domain name, and for an address, in brackets or not: the public suffix list knows nothing
// of numbers.
std::string name_in(std::string_view text) {
  if (text.starts_with('[') || address_in_helo(text)) return {};
  return to_domain(text).value_or("");
}

AuthWord auth_word(std::string_view text) {
  for (const AuthWord word : {AuthWord::pass, AuthWord::fail, AuthWord::softfail, AuthWord::neutral,
                              AuthWord::temperror, AuthWord::permerror})
    if (text == to_string(word)) return word;
  return AuthWord::none;
}

}  // namespace

// One more than DMARC looks at are enough.
std::vector<std::string> Facts::author_domains() {
  std::vector<std::string> domains;
  const FactValue from = from_addresses(true);
  if (from.state != FactValue::State::known) return domains;
  for (const FactItem& item : from.items()) {
    auto domain = to_domain(item.text);
    if (domain && std::find(domains.begin(), domains.end(), *domain) == domains.end())
      domains.push_back(std::move(*domain));
    if (domains.size() > most_author_domains) break;
  }
  return domains;
}

// A domain that cannot be asked, and is no address literal (RFC 5321 4.1.3); or From shows an address where none is.
bool Facts::has_unusable_author() {
  const FactValue from = from_addresses(true);
  if (from.state != FactValue::State::known)
    return std::ranges::any_of(transaction_.headers->values("From"), shows_address);
  return std::any_of(from.items().begin(), from.items().end(), [](const FactItem& item) {
    return !item.text.empty() && !to_domain(item.text) && !address_literal(item.text);
  });
}

void Facts::begin_message_checks(bool with_dmarc) {
  if (!tools_.complete() || transaction_.headers == nullptr) return;
  Lookups& lookups = lookups_of(message_lookups_);
  const auto judge = settings_ != nullptr ? settings_->dkim_judge : nullptr;
  if (!with_dmarc) return message_checks_.begin(tools_, judge, *transaction_.headers, lookups);
  // First of all the author's records.
  const auto authors = author_domains();
  MessageChecks::start_dmarc(tools_, authors, lookups);
  message_checks_.begin(tools_, judge, *transaction_.headers, lookups);
  if (!spf_may_speak(authors)) return;
  if (spf_.needs_another_try()) SpfFacts::start_again(spf_asker(), lookups);
  else spf_.start(ref_of_spf(), spf_asker(), lookups);
}

const DkimResult* Facts::dkim() {
  return message_checks_.begun() ? message_checks_.dkim(lookups_of(message_lookups_)) : nullptr;
}

// Whether DMARC wants to know SPF, whether a rule asks it or not: only of a domain that can be aligned. A stranger's
// own takes no time.
bool Facts::spf_may_speak(const std::vector<std::string>& authors) const {
  return settings_ != nullptr && SpfFacts::has_input(ref_of_spf(), spf_asker()) &&
         may_align(*tools_.dmarc, authors, envelope_domain());
}

// The domain that SPF is asked about: the null sender's is the HELO name's (RFC 7489 4.1); "" when that is no domain.
std::string Facts::envelope_domain() const {
  return name_in(transaction_.sender.is_null() ? std::string_view(client_.helo_name) : transaction_.sender.domain());
}

// An author or a sender whose domain is none has nothing in common with anyone.
FactValue Facts::from_domain_aligned() {
  if (transaction_.headers == nullptr || tools_.dmarc == nullptr) return {};
  read_from();
  if (from_.empty()) return {};
  const std::string envelope = envelope_domain();
  const std::string organization = envelope.empty() ? std::string() : tools_.dmarc->organizational_domain(envelope);
  const bool all = !envelope.empty() && std::all_of(from_.begin(), from_.end(), [&](const Address& author) {
    const auto domain = name_in(author.domain());
    return !domain.empty() && tools_.dmarc->organizational_domain(domain) == organization;
  });
  FactValue value;
  value.state = FactValue::State::known;
  value.one.number = all ? 1 : 0;
  return value;
}

// What SPF says of the envelope, skipped or not. What a rule asked in vain, when the time was used up perhaps, is asked
// again.
DmarcEvidence Facts::spf_evidence(const std::vector<std::string>& authors) {
  DmarcEvidence evidence;
  if (!spf_may_speak(authors)) return evidence;
  Lookups& lookups = lookups_of(message_lookups_);
  const CheckMemo& memo =
      spf_.needs_another_try() ? spf_.try_again(spf_asker(), lookups) : *spf_.get(ref_of_spf(), spf_asker(), lookups);
  evidence.spf = memo.temperror ? AuthWord::temperror : auth_word(memo.word);
  evidence.spf_domain = envelope_domain();
  return evidence;
}

const DmarcResult* Facts::dmarc() {
  if (!message_checks_.begun() || transaction_.headers == nullptr) return nullptr;
  if (const auto& found = message_checks_.found_dmarc()) return &*found;
  const auto sample = static_cast<unsigned>(std::hash<std::string>{}(transaction_.id) % 100);
  const auto authors = author_domains();
  DmarcEvidence evidence = spf_evidence(authors);
  evidence.unusable_author = has_unusable_author();
  return message_checks_.dmarc(*tools_.dmarc, *transaction_.headers, authors, std::move(evidence), sample,
                               lookups_of(message_lookups_));
}

FactValue Facts::message_check(FactId id) {
  if (id == FactId::dkim || id == FactId::dkim_domain) {
    const DkimResult* found = dkim();
    if (found == nullptr) return {};
    if (id == FactId::dkim) return word_value(to_string(found->word));
    signers_ = found->passed();
    signer_items_.clear();
    for (const auto& domain : signers_) signer_items_.push_back({domain});
    FactValue value;
    value.many = signer_items_;
    if (!signer_items_.empty()) value.state = FactValue::State::known;
    return value;
  }
  const DmarcResult* found = dmarc();
  if (found == nullptr) return {};
  if (id == FactId::dmarc) return word_value(to_string(found->word));
  return found->policy ? word_value(to_string(*found->policy)) : FactValue();
}

std::string_view Facts::found(FactId id) const {
  const auto& dkim = message_checks_.found_dkim();
  const auto& dmarc = message_checks_.found_dmarc();
  if (id == FactId::dkim) return dkim ? to_string(dkim->word) : std::string_view();
  return id == FactId::dmarc && dmarc ? to_string(dmarc->word) : std::string_view();
}

std::string_view Facts::message_reason(FactId id) const {
  const bool of_dkim = id == FactId::dkim || id == FactId::dkim_domain;
  if (of_dkim)
    return message_checks_.found_dkim() ? std::string_view(message_checks_.found_dkim()->reason) : std::string_view();
  return message_checks_.found_dmarc() ? std::string_view(message_checks_.found_dmarc()->reason) : std::string_view();
}

}  // namespace mailweir
