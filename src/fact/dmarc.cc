// SPDX-License-Identifier: BSD-2-Clause
#include "fact/dmarc.h"

#include <algorithm>
#include <utility>

#include "fact/dkim.h"
#include "fact/from.h"
#include "fact/spf.h"
#include "mail/address_list.h"
#include "mail/address_literal.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

enum class Place : std::uint8_t { dmarc, dmarc_policy, dkim_aligned };

constexpr FactDefinition facts[] = {
    {.name = "dmarc",
     .type = FactType::word,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "whether DKIM or SPF authenticates the domain in From (RFC 9989)",
     .needs = FactNeeds::body,
     .words = "pass fail none temperror permerror",
     .check = true,
     .lookups = FactLookups::at_end},
    {.name = "dmarc_policy",
     .type = FactType::word,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "what the owner of that domain requests for this message: none if dmarc is pass",
     .needs = FactNeeds::body,
     .words = "none quarantine reject",
     .check = true,
     .lookups = FactLookups::at_end,
     .part_of = "dmarc",
     .skipped = FactSkipped::with_whole},
    {.name = "dkim_aligned",
     .type = FactType::boolean,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "whether a DKIM signature that passed is aligned with every From domain, as in relaxed DMARC",
     .needs = FactNeeds::body,
     .check = true,
     .lookups = FactLookups::at_end,
     .part_of = "dmarc",
     .skipped = FactSkipped::with_whole},
};

AuthWord auth_word(std::string_view text) {
  for (const AuthWord word : {AuthWord::pass, AuthWord::fail, AuthWord::softfail, AuthWord::neutral,
                              AuthWord::temperror, AuthWord::permerror})
    if (text == to_string(word)) return word;
  return AuthWord::none;
}

}  // namespace

// One more than DMARC looks at are enough.
std::vector<std::string> DmarcSource::author_domains() {
  std::vector<std::string> domains;
  for (const FactItem& item : reader_.family<FromSource>(from_family).domains()) {
    auto domain = to_domain(item.text);
    if (domain && std::find(domains.begin(), domains.end(), *domain) == domains.end())
      domains.push_back(std::move(*domain));
    if (domains.size() > most_author_domains) break;
  }
  return domains;
}

// A domain that cannot be asked, and is no address literal (RFC 5321 4.1.3); or From shows an address where none is.
bool DmarcSource::has_unusable_author() {
  auto& from = reader_.family<FromSource>(from_family);
  if (!from.names_domain() && std::ranges::any_of(reader_.transaction().headers->values("From"), shows_address))
    return true;
  return std::ranges::any_of(from.domains(), [](const FactItem& item) {
    const auto domain = to_domain(item.text);
    return !(domain && is_plain_name(*domain)) && !address_literal(item.text);
  });
}

void DmarcSource::begin_message() {
  found_.reset();
  if (reader_.tools().verifier == nullptr) return;
  Lookups& lookups = reader_.lookups(LookupsOf::message);
  // First of all the author's records.
  const auto authors = author_domains();
  auto& spf = reader_.family<SpfSource>(spf_family);
  auto& dkim = reader_.family<DkimSource>(dkim_family);
  auto records = [&](std::vector<std::string> identifiers) {
    lookups.prefetch([authors, identifiers = std::move(identifiers)](Lookups& early) {
      find_dmarc_records(early, authors, identifiers);
    });
  };
  records({});
  dkim.begin_message();
  auto identifiers = dkim.signers();
  const auto envelope = envelope_domain(reader_);
  if (spf.has_sender() && !envelope.empty()) {
    identifiers.push_back(envelope);
    spf.start_for_message(lookups, [authors, envelope](Lookups& early) { return may_align(early, authors, envelope); });
  }
  records(std::move(identifiers));
}

// Whether DMARC wants to know SPF, whether a rule asks it or not: only of a domain that can be aligned. A stranger's
// own takes no time. Waits for the author's records.
bool DmarcSource::spf_may_speak(const std::vector<std::string>& authors) {
  return reader_.family<SpfSource>(spf_family).has_sender() &&
         may_align(reader_.lookups(LookupsOf::message), authors, envelope_domain(reader_));
}

// What SPF says of the envelope counts here, skipped or not.
DmarcEvidence DmarcSource::spf_evidence(const std::vector<std::string>& authors) {
  DmarcEvidence evidence;
  if (!spf_may_speak(authors)) return evidence;
  const CheckMemo& memo = reader_.family<SpfSource>(spf_family).of_message(reader_.lookups(LookupsOf::message));
  evidence.spf = memo.temperror ? AuthWord::temperror : auth_word(memo.word);
  evidence.spf_domain = envelope_domain(reader_);
  return evidence;
}

const DmarcResult* DmarcSource::result() {
  auto& dkim = reader_.family<DkimSource>(dkim_family);
  const Transaction& transaction = reader_.transaction();
  if (!dkim.begun() || transaction.headers == nullptr) return nullptr;
  if (found_) return &*found_;
  const auto authors = author_domains();
  DmarcEvidence evidence = spf_evidence(authors);
  evidence.unusable_author = has_unusable_author();
  const DkimResult& signatures = *dkim.result();
  evidence.dkim_domains = signatures.passed();
  evidence.dkim_unasked = signatures.domains(AuthWord::temperror);
  found_ = mailweir::dmarc(reader_.lookups(LookupsOf::message), transaction.headers->count("From"), authors, evidence);
  return &*found_;
}

// Absent: there is no author, or what decides could not be looked up.
FactValue DmarcSource::aligned() {
  auto& dkim = reader_.family<DkimSource>(dkim_family);
  if (!dkim.begun() || reader_.transaction().headers == nullptr) return {};
  if (aligned_) return *aligned_;
  aligned_.emplace();
  if (has_unusable_author()) return *(aligned_ = boolean_value(false));
  const auto authors = author_domains();
  const DkimResult& signatures = *dkim.result();
  Lookups& lookups = reader_.lookups(LookupsOf::message);
  auto found = has_aligned_signers(lookups, authors, signatures.passed());
  auto may_pass = signatures.passed();
  for (auto& domain : signatures.domains(AuthWord::temperror)) may_pass.push_back(std::move(domain));
  // A signature whose key could not be looked up for now may be the one.
  if (found == false && may_pass.size() > signatures.passed().size() &&
      has_aligned_signers(lookups, authors, may_pass) != false)
    found.reset();
  if (found) aligned_ = boolean_value(*found);
  return *aligned_;
}

FactValue DmarcSource::get(const FactRef& fact) {
  if (place_of<Place>(fact) == Place::dkim_aligned) return aligned();
  const DmarcResult* const all = result();
  if (all == nullptr) return {};
  if (place_of<Place>(fact) == Place::dmarc) return word_value(to_string(all->word));
  return all->policy ? word_value(to_string(*all->policy)) : FactValue();
}

const FactFamily dmarc_family{"dmarc", facts, "from spf dkim", make_source<DmarcSource>};

}  // namespace mailweir
