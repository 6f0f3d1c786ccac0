// SPDX-License-Identifier: BSD-2-Clause
// Who signs a message, and the signatures: last of all, over the message as it leaves.
#include <algorithm>

#include "base/text.h"
#include "check/dkim_sign.h"
#include "mail/address_list.h"
#include "milter_door/milter_session.h"
#include "milter_door/sendmail_header.h"

namespace mailweir {
namespace {

// A From field may name any number of domains; signing for all of ours must stay cheap.
constexpr std::size_t most_signatures = 16;

// As they leave.
std::vector<std::string_view> from_fields(const HeaderList& headers) {
  std::vector<std::string_view> values;
  for (const auto& field : headers.leaving())
    if (equal_folded(field.name, "From")) values.push_back(field.value);
  return values;
}

std::vector<std::string> author_domains(const std::vector<std::string_view>& from) {
  std::vector<std::string> domains;
  for (const auto value : from)
    for (const auto& author : parse_address_list(value)) domains.emplace_back(author.domain());
  return domains;
}

// The keys of all authors' domains, in the order of the From field: each domain's owner may want of a receiver that his own
// signature is there (DMARC, RFC 7489 6.6.1). A key signs once, also where two authors share it.
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

bool edits_from(const Rule& rule) {
  const auto sets = [](const HeaderText& header) { return equal_folded(header.name, "From"); };
  return std::any_of(rule.replace_headers.begin(), rule.replace_headers.end(), sets) ||
         std::any_of(rule.add_headers.begin(), rule.add_headers.end(), sets);
}

}  // namespace

// The body is seen once: hashing begins now if a rule may sign this message.
void MilterSession::begin_hashes() {
  const Policy& policy = session_.policy();
  if (!traits_.needs.body || policy.keys.domains() == 0 || !session_.facts().is_outgoing()) return;
  bool by_author = false, named = false, other_author = false;
  for (const auto& rules : policy.rules) {
    for (const Rule& rule : rules) {
      other_author = other_author || edits_from(rule);
      if (!rule.sign || rule.shadow) continue;
      (rule.sign_domains.empty() ? by_author : named) = true;
    }
  }
  if (!named && !(by_author && (other_author || !keys_of(policy.keys, author_domains(from_fields(headers_))).empty()))) return;
  const bool relaxed = policy.signing.body_canon == Canon::relaxed;
  hashes_ = std::make_unique<BodyHashes>(digests_, BodyHashes::Use{!relaxed, relaxed});
}

// Trouble in signing lets the mail go unsigned, with a log line: a refused message helps nobody, and a receiver judges a
// missing signature more kindly than a broken one.
void MilterSession::sign() {
  const Policy& policy = session_.policy();
  if (!session_.facts().is_outgoing()) return;
  const auto from = from_fields(headers_);
  std::vector<const DkimKey*> keys;
  if (along_.sign_author) keys = keys_of(policy.keys, author_domains(from));
  for (const auto& domain : along_.sign_domains)
    for (const auto& key : policy.keys.find(domain))
      if (std::find(keys.begin(), keys.end(), &key) == keys.end()) keys.push_back(&key);
  if (keys.empty()) return;

  const auto unsigned_because = [&](std::string_view why) {
    ++stats_.unsigned_for_trouble;
    Event("not-signed").with("queue_id", session_.transaction().queue_id).with("id", session_.transaction().id).with("reason", why)
        .to(services_.log, Severity::warning);
  };
  // Whose message it is then depends on who reads it: our signature would speak for an author who did not write it
  // (RFC 6376 3.8 and 8.15: what is no RFC 5322 message should not be signed).
  if (from.size() > 1) {
    unsigned_because("it has several From fields");
    return;
  }
  if (!hashes_) {
    unsigned_because("the body was not hashed");
    return;
  }
  if (!sendmail_host_.empty())
    settle_for_sendmail(headers_, services_.clock.wall(), session_.transaction().queue_id + '.' + session_.transaction().id, sendmail_host_);
  const auto covered = cover(headers_, policy.signing);
  if (!covered) {
    unsigned_because(covered.error().what);
    return;
  }
  std::vector<std::string> signatures;
  std::string signed_by;
  for (const DkimKey* key : keys) {
    auto value = mailweir::sign(*covered, hashes_->hash(policy.signing.body_canon), *key, policy.signing, services_.clock.wall());
    if (!value) {
      unsigned_because(value.error().what);
      continue;
    }
    signatures.push_back(std::move(*value));
    signed_by += (signed_by.empty() ? "" : ",") + key->selector + "._domainkey." + key->domain;
    ++stats_.signatures;
  }
  for (const auto& value : signatures) headers_.add(HeaderList::Place::top, signature_field, value);
  if (!signed_by.empty()) done_.emplace_back("signed", signed_by);
  // simple needs the blank after the colon, which this MTA does not hand over.
  if (!signed_by.empty() && covered->fell_back) done_.emplace_back("header_canonicalization", "relaxed");
}

}  // namespace mailweir
