// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/message_signer.h"

#include <algorithm>

#include "base/text.h"
#include "check/dkim_sign.h"
#include "check/signing_keys.h"
#include "mail/header_fold.h"
#include "milter_door/sendmail_header.h"

namespace mailweir {
namespace {

// For keys on a slow disk; the message leaves unsigned then.
Deadline patience() { return Deadline::in(std::chrono::seconds(2)); }

bool edits_from(const Rule& rule) {
  return std::ranges::any_of(rule.effects, [](const RuleEffect& effect) {
    const auto sets = []<typename Kind>(const Kind& one) {
      if constexpr (NamesHeader<Kind> && HasText<Kind>) return equal_folded(one.name, "From");
      else return false;
    };
    return std::visit(sets, effect);
  });
}

KeysFound keys_of_authors(const SigningKeys& keys, const std::vector<std::string_view>& from) {
  return keys.of_message(from).find_all(author_domains(from), patience());
}

}  // namespace

void MessageSigner::begin(Session& session, const HeaderList& headers) {
  const Policy& policy = session.policy();
  if (policy.keys.none()) return;
  if (!session.facts().is_outgoing()) return note_outsider(session, headers);
  bool by_author = false, named = false, other_author = false;
  for (const auto& rules : policy.rules) {
    for (const Rule& rule : rules) {
      other_author = other_author || edits_from(rule);
      const Sign* sign = rule.sign();
      if (sign == nullptr || rule.shadow) continue;
      (sign->author ? by_author : named) = true;
    }
  }
  rules_sign_ = by_author || named;
  if (!rules_sign_) return;
  const auto& others = policy.other_signers;
  if (!named && !other_author && others.also.empty() && others.without_key != WithoutKey::provider) {
    const auto found = keys_of_authors(policy.keys, from_fields(headers));
    hear(found);
    if (found.keys.empty()) return;
  }
  const bool relaxed = policy.signing.body_canon == Canon::relaxed;
  hashes_ = std::make_unique<BodyHashes>(door_->digests, BodyHashes::Use{!relaxed, relaxed});
}

void MessageSigner::body(std::string_view chunk) {
  if (!hashes_) return;
  hashes_->write(chunk);
  lines_.write(chunk);
}

void MessageSigner::body_ends() {
  if (hashes_) hashes_->finish();
}

// As opendkim does: mail from elsewhere whose author has a row in the tables.
void MessageSigner::note_outsider(Session& session, const HeaderList& headers) {
  const Policy& policy = session.policy();
  const auto& tables = policy.keys.tables();
  const Client& client = session.client();
  if (!tables || (policy.external_ignore.hosts && policy.external_ignore.hosts->contains(client.address, client.name)))
    return;
  const SigningKeys only_tables(KeyRing(), nullptr, tables);
  const auto from = from_fields(headers);
  const auto found = keys_of_authors(only_tables, from);
  hear(found);
  if (found.keys.empty()) return;
  Event("external-author")
      .with("queue_id", session.transaction().queue_id)
      .with("id", session.transaction().id)
      .with("client_address", client.address ? client.address->to_string() : std::string())
      .with("from_domain", author_domains(from).front())
      .to(door_->services.log, Severity::notice);
}

// Once for each key that turns out to be unusable.
void MessageSigner::hear(const KeysFound& found) {
  for (const auto& news : found.news) {
    ++door_->services.stats.bad_keys;
    Event("dkim-key").with("reason", news).to(door_->services.log, Severity::warning);
  }
}

// Trouble in signing lets the mail go unsigned, with a log line: a refusal would not help, and a receiver judges
// a missing signature more kindly than a broken one.
void MessageSigner::leave_unsigned(Session& session, std::string_view why) {
  ++door_->stats.unsigned_for_trouble;
  Event("not-signed")
      .with("queue_id", session.transaction().queue_id)
      .with("id", session.transaction().id)
      .with("reason", why)
      .to(door_->services.log, Severity::warning);
}

// Brings the header into the form in which the MTA will pass it on. False: it would be changed again, and is left
// unsigned.
bool MessageSigner::make_ready(Session& session, HeaderList& headers, std::string_view sendmail_host) {
  const SignPolicy& signing = session.policy().signing;
  if (!sendmail_host.empty()) {
    const auto id = session.transaction().queue_id + '.' + session.transaction().id;
    const auto settled = settle_for_sendmail(headers, signing, door_->services.clock.wall(), id, sendmail_host);
    if (!settled) {
      leave_unsigned(session, settled.error().what);
      return false;
    }
  }
  std::string too_long;
  const bool room = headers.rewrite([&](std::string_view name, std::string_view value) -> std::optional<std::string> {
    if (name.size() + 2 + value.size() <= longest_mail_line || !signing.covers(name)) return {};
    auto folded = fold_long_lines(name, value);
    if (folded.too_long > 0 && too_long.empty())
      too_long = std::string(name) + " has " + std::to_string(folded.too_long) +
                 " bytes without a blank, and the next server breaks lines over 998 (RFC 5322 2.1.1)";
    return std::move(folded.text);
  });
  if (!too_long.empty()) ++door_->stats.unsigned_long_lines;
  if (!room) too_long = "the header is too large to be folded";
  if (!too_long.empty()) leave_unsigned(session, too_long);
  return too_long.empty();
}

SignWish wish_of(const Sign& effect) { return {effect.author, effect.domains, effect.choices}; }

std::string domains_in(const std::vector<std::string>& domains) {
  std::string text;
  for (std::size_t i = 0; i < domains.size() && i < 3; ++i) text += (i > 0 ? "," : "") + domains[i];
  return text;
}

// [dkim] without_key: nothing of the message has a key, and it must not leave unsigned.
Reply MessageSigner::refuse(Session& session, SignPlan::Refusal refusal, const std::string& why,
                            const std::string& authors) {
  const char klass = refusal == SignPlan::Refusal::defer ? '4' : '5';
  const WithoutKeyReply& given = session.policy().without_key;
  Reply reply = given.reply;
  if (!given.written.empty()) reply.text = given.text.fill(session.facts(), "", nullptr);
  else
    reply = {klass == '4' ? "451" : "550", klass == '4' ? "4.7.0" : "5.7.1",
             "mail from " + (authors.empty() ? "no domain" : authors) + " cannot be signed: " + why + " (ref " +
                 session.transaction().id + ')'};
  if (reply.klass() != klass) reply = reply.as_class(klass);
  ++door_->stats.refused_without_key;
  Event("not-signed")
      .with("queue_id", session.transaction().queue_id)
      .with("id", session.transaction().id)
      .with("reason", why)
      .with("reply", reply.line())
      .to(door_->services.log, Severity::notice);
  return reply;
}

Signed MessageSigner::sign(Session& session, const Effects& effects, HeaderList& headers,
                           std::string_view sendmail_host) {
  Signed done;
  const auto from = from_fields(headers);
  const auto domains = author_domains(from);
  const std::string authors = domains_in(domains);
  if (!authors.empty()) done.told.emplace_back("from_domain", authors);
  const Policy& policy = session.policy();
  if (!session.facts().is_outgoing()) return done;
  const Sign* wanted = effects.find<Sign>();
  if (wanted == nullptr) {
    if (rules_sign_) done.told.emplace_back("not_signed", "no rule signs it");
    return done;
  }

  const SignPlan plan =
      plan_signatures(wish_of(*wanted), domains, policy.keys.of_message(from), policy.other_signers, patience());
  hear(plan.found);
  const std::string why = !plan.why.empty() && from.empty() ? "no From" : plan.why;
  if (!why.empty()) ++door_->stats.unsigned_without_key;
  const bool signs = !plan.found.keys.empty() && plan.refusal == SignPlan::Refusal::none;
  if (const auto without = domains_in(plan.without); !without.empty() && (signs || without != authors))
    done.told.emplace_back("no_key", without);
  if (!signs) done.told.emplace_back("not_signed", why);
  if (plan.refusal != SignPlan::Refusal::none) done.refusal = refuse(session, plan.refusal, why, authors);
  if (signs) add_signatures(session, plan, headers, sendmail_host, done.told);
  return done;
}

void MessageSigner::add_signatures(Session& session, const SignPlan& plan, HeaderList& headers,
                                   std::string_view sendmail_host, LogFields& told) {
  const Policy& policy = session.policy();
  // Whose message it is then depends on who reads it: our signature would speak for an author who did not write it
  // (RFC 6376 3.8 and 8.15: what is no RFC 5322 message should not be signed).
  if (from_fields(headers).size() > 1) return leave_unsigned(session, "it has several From fields");
  if (!hashes_) return leave_unsigned(session, "the body was not hashed");
  if (!make_ready(session, headers, sendmail_host)) return;
  const auto covered = cover(headers, policy.signing);
  if (!covered) return leave_unsigned(session, covered.error().what);
  std::vector<std::string> signatures;
  std::string signed_by;
  for (const DkimKeyPtr& key : plan.found.keys) {
    auto value = mailweir::sign(*covered, hashes_->hash(policy.signing.body_canon), *key, policy.signing,
                                door_->services.clock.wall());
    if (!value) {
      leave_unsigned(session, value.error().what);
      continue;
    }
    signatures.push_back(std::move(*value));
    signed_by += (signed_by.empty() ? "" : ",") + name_of(*key);
    ++door_->stats.signatures;
  }
  if (signed_by.empty()) return;
  // The first stands on top: a verifier that reads only some of them reads the author's.
  for (auto value = signatures.rbegin(); value != signatures.rend(); ++value)
    headers.add(HeaderList::Place::top, signature_field, *value);
  told.emplace_back("signed", signed_by);
  // simple needs the blank after the colon, which this MTA does not hand over.
  if (covered->fell_back) told.emplace_back("header_canonicalization", "relaxed");
  if (lines_.has_8bit()) ++door_->stats.signed_eight_bit;
  if (lines_.has_long()) ++door_->stats.signed_long_lines;
  if (const auto body = lines_.told(); !body.empty()) told.emplace_back("body", body);
}

}  // namespace mailweir
