// SPDX-License-Identifier: BSD-2-Clause
// Who signs a message, and the signatures: last of all, over the message as it leaves.
#include <algorithm>

#include "base/text.h"
#include "check/dkim_sign.h"
#include "check/signing_keys.h"
#include "mail/header_fold.h"
#include "milter_door/milter_session.h"
#include "milter_door/sendmail_header.h"

namespace mailweir {
namespace {

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
  if (!named && !(by_author && (other_author || !keys_of(policy.keys, author_domains(from_fields(headers_))).empty())))
    return;
  const bool relaxed = policy.signing.body_canon == Canon::relaxed;
  hashes_ = std::make_unique<BodyHashes>(digests_, BodyHashes::Use{!relaxed, relaxed});
}

// Trouble in signing lets the mail go unsigned, with a log line: a refused message helps nobody, and a receiver judges
// a missing signature more kindly than a broken one.
void MilterSession::leave_unsigned(std::string_view why) {
  ++stats_.unsigned_for_trouble;
  Event("not-signed")
      .with("queue_id", session_.transaction().queue_id)
      .with("id", session_.transaction().id)
      .with("reason", why)
      .to(services_.log, Severity::warning);
}

// Brings the header into the form in which the MTA will pass it on. False: it would be changed again, and is left
// unsigned.
bool MilterSession::ready_to_sign() {
  const SignPolicy& signing = session_.policy().signing;
  if (!sendmail_host_.empty()) {
    const auto id = session_.transaction().queue_id + '.' + session_.transaction().id;
    const auto settled = settle_for_sendmail(headers_, signing, services_.clock.wall(), id, sendmail_host_);
    if (!settled) {
      leave_unsigned(settled.error().what);
      return false;
    }
  }
  std::string too_long;
  const bool room = headers_.rewrite([&](std::string_view name, std::string_view value) -> std::optional<std::string> {
    if (name.size() + 2 + value.size() <= longest_mail_line || !signing.covers(name)) return {};
    auto folded = fold_long_lines(name, value);
    if (folded.too_long > 0 && too_long.empty())
      too_long = std::string(name) + " has " + std::to_string(folded.too_long) +
                 " bytes without a blank, and the next server breaks lines over 998 (RFC 5322 2.1.1)";
    return std::move(folded.text);
  });
  if (!too_long.empty()) ++stats_.unsigned_long_lines;
  if (!room) too_long = "the header is too large to be folded";
  if (!too_long.empty()) leave_unsigned(too_long);
  return too_long.empty();
}

void MilterSession::sign() {
  const Policy& policy = session_.policy();
  if (!session_.facts().is_outgoing()) return;
  const auto from = from_fields(headers_);
  const auto domains = author_domains(from);
  std::string authors;
  for (std::size_t i = 0; i < domains.size() && i < 3; ++i) authors += (i > 0 ? "," : "") + domains[i];
  if (!authors.empty()) done_.emplace_back("from_domain", authors);

  std::vector<const DkimKey*> keys;
  if (effects_.sign_author) keys = keys_of(policy.keys, domains);
  for (const auto& domain : effects_.sign_domains)
    for (const auto& key : policy.keys.find(domain))
      if (std::find(keys.begin(), keys.end(), &key) == keys.end()) keys.push_back(&key);
  if (keys.empty()) {
    ++stats_.unsigned_without_key;
    done_.emplace_back("not_signed", from.empty() ? "no From" : "no key");
    return;
  }
  // Whose message it is then depends on who reads it: our signature would speak for an author who did not write it
  // (RFC 6376 3.8 and 8.15: what is no RFC 5322 message should not be signed).
  if (from.size() > 1) return leave_unsigned("it has several From fields");
  if (!hashes_) return leave_unsigned("the body was not hashed");
  if (!ready_to_sign()) return;
  const auto covered = cover(headers_, policy.signing);
  if (!covered) return leave_unsigned(covered.error().what);
  std::vector<std::string> signatures;
  std::string signed_by;
  for (const DkimKey* key : keys) {
    auto value = mailweir::sign(*covered, hashes_->hash(policy.signing.body_canon), *key, policy.signing,
                                services_.clock.wall());
    if (!value) {
      leave_unsigned(value.error().what);
      continue;
    }
    signatures.push_back(std::move(*value));
    signed_by += (signed_by.empty() ? "" : ",") + name_of(*key);
    ++stats_.signatures;
  }
  for (const auto& value : signatures) headers_.add(HeaderList::Place::top, signature_field, value);
  if (signed_by.empty()) return;
  done_.emplace_back("signed", signed_by);
  // simple needs the blank after the colon, which this MTA does not hand over.
  if (covered->fell_back) done_.emplace_back("header_canonicalization", "relaxed");
  if (const auto told = lines_.told(); !told.empty()) done_.emplace_back("body", told);
}

}  // namespace mailweir
