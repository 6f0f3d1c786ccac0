// SPDX-License-Identifier: BSD-2-Clause
#include "check/dmarc.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "check/host.h"

namespace mailweir {
namespace {

using dns::Answer;

constexpr std::string_view version = "v=DMARC1";

// What stands at one name: RFC 7489 6.6.3, steps 1, 2 and 5.
struct Found {
  enum class Status { none, one, several, trouble } status = Status::none;
  std::string text;
};

bool is_record(std::string_view text) {
  if (!starts_folded(text, "v")) return false;
  // "v = DMARC1 ;": blanks are allowed around the equals sign (6.4); the value is not folded.
  const auto tag = text.substr(0, text.find(';'));
  const auto equals = tag.find('=');
  return equals != tag.npos && trimmed(tag.substr(0, equals)) == "v" &&
         trimmed(tag.substr(equals + 1)) == version.substr(2);
}

Found find_at(Lookups& lookups, const std::string& domain) {
  const auto& answer = lookups.get({"_dmarc." + domain, dns::Type::TXT});
  if (answer.status == Answer::Status::temperror) return {Found::Status::trouble, cleaned(answer.detail, true, 100)};
  Found found;
  for (const auto& record : answer.records) {
    if (!is_record(record.text)) continue;
    if (found.status == Found::Status::one) return {Found::Status::several, {}};
    found = {Found::Status::one, record.text};
  }
  return found;
}

struct Record {
  Found found;
  std::string domain;
  bool of_parent = false;
};

Record find_record(Lookups& lookups, const DmarcTools& tools, const std::string& domain) {
  const auto organization = tools.organizational_domain(domain);
  if (organization != domain) lookups.want({"_dmarc." + organization, dns::Type::TXT});
  Record record{find_at(lookups, domain), domain, false};
  if (record.found.status == Found::Status::none && organization != domain)
    record = {find_at(lookups, organization), organization, true};
  return record;
}

bool aligned(const DmarcTools& tools, std::string_view domain, std::string_view with, bool strict) {
  if (domain == with) return true;
  return !strict && tools.organizational_domain(domain) == tools.organizational_domain(with);
}

// RFC 7489 6.6.4: those who are not among the percent get the next milder policy.
DmarcPolicy sampled(DmarcPolicy policy, unsigned percent, unsigned sample) {
  if (sample < percent || policy == DmarcPolicy::none) return policy;
  return policy == DmarcPolicy::reject ? DmarcPolicy::quarantine : DmarcPolicy::none;
}

DmarcResult judge(Lookups& lookups, const DmarcTools& tools, const std::string& domain, const DmarcEvidence& evidence,
                  unsigned sample) {
  DmarcResult result;
  result.domain = domain;
  const auto shown = shown_name(domain);
  const auto say = [&](AuthWord word, std::string reason) {
    result.word = word;
    result.reason = std::move(reason);
    return result;
  };
  const Record found = find_record(lookups, tools, domain);
  result.record_domain = found.domain;
  const auto name = "_dmarc." + shown_name(found.domain);
  switch (found.found.status) {
    case Found::Status::trouble: return say(AuthWord::temperror, name + ": " + found.found.text);
    case Found::Status::none: return say(AuthWord::none, shown + " has no DMARC record");
    case Found::Status::several: return say(AuthWord::none, name + " has several records, so none counts");
    case Found::Status::one: break;
  }
  result.record = found.found.text;
  const auto record = tools.read_record(found.found.text);
  if (!record) return say(AuthWord::permerror, name + ": " + record.error().what);
  result.published = found.of_parent ? record->subdomains.value_or(record->policy) : record->policy;

  result.policy = DmarcPolicy::none;
  for (const auto& signer : evidence.dkim_domains)
    if (aligned(tools, signer, domain, record->strict_dkim))
      return say(AuthWord::pass, "a DKIM signature of " + shown_name(signer) + " authenticates " + shown);
  const bool spf_aligned =
      !evidence.spf_domain.empty() && aligned(tools, evidence.spf_domain, domain, record->strict_spf);
  if (spf_aligned && evidence.spf == AuthWord::pass)
    return say(AuthWord::pass, "SPF of " + shown_name(evidence.spf_domain) + " authenticates " + shown);
  // What could not be asked may have spoken for it (RFC 7489 6.6.2).
  const bool signature_unasked =
      std::any_of(evidence.dkim_unasked.begin(), evidence.dkim_unasked.end(),
                  [&](const std::string& signer) { return aligned(tools, signer, domain, record->strict_dkim); });
  if (signature_unasked || (spf_aligned && evidence.spf == AuthWord::temperror)) {
    result.policy.reset();
    return say(AuthWord::temperror, "neither DKIM nor SPF authenticates " + shown + ", and a lookup failed for now");
  }
  result.policy = sampled(*result.published, record->percent, sample);
  return say(AuthWord::fail, "neither DKIM nor SPF authenticates " + shown + "; " + name + " asks for " +
                                 std::string(to_string(*result.policy)));
}

std::size_t badness(const DmarcResult& result) {
  constexpr std::array worst_first{AuthWord::fail, AuthWord::temperror, AuthWord::permerror, AuthWord::none,
                                   AuthWord::pass};
  const auto place =
      static_cast<std::size_t>(std::find(worst_first.begin(), worst_first.end(), result.word) - worst_first.begin());
  return (worst_first.size() - place) * 4 + (result.policy ? static_cast<std::size_t>(*result.policy) : 0);
}

}  // namespace

DmarcResult dmarc(Lookups& lookups, const DmarcTools& tools, std::size_t from_fields,
                  const std::vector<std::string>& domains, const DmarcEvidence& evidence, unsigned sample) {
  DmarcResult result;
  if (evidence.unusable_author) {
    result.word = AuthWord::fail;
    result.policy = DmarcPolicy::reject;
    result.reason = "From has an address without a usable domain; the worst result counts";
    return result;
  }
  if (domains.empty()) {
    result.word = from_fields == 0 ? AuthWord::permerror : AuthWord::none;
    result.reason = from_fields == 0 ? "the From field is missing" : "the From field has no domain";
    return result;
  }
  if (domains.size() > most_author_domains) {
    result.word = AuthWord::fail;
    result.policy = DmarcPolicy::reject;
    result.domain = domains.front();
    result.reason = "From has more than " + std::to_string(most_author_domains) +
                    " domains; none is looked up, and the worst result counts";
    return result;
  }
  for (const auto& domain : domains) lookups.want({"_dmarc." + domain, dns::Type::TXT});
  bool any = false;
  for (const auto& domain : domains) {
    auto one = judge(lookups, tools, domain, evidence, sample);
    if (!any || badness(one) > badness(result)) result = std::move(one);
    any = true;
  }
  return result;
}

bool may_align(const DmarcTools& tools, const std::vector<std::string>& domains, std::string_view envelope) {
  if (envelope.empty() || domains.size() > most_author_domains) return false;
  return std::any_of(domains.begin(), domains.end(),
                     [&](const std::string& domain) { return aligned(tools, envelope, domain, false); });
}

void find_dmarc_records(Lookups& lookups, const DmarcTools& tools, const std::vector<std::string>& domains) {
  if (domains.size() > most_author_domains) return;
  for (const auto& domain : domains) lookups.want({"_dmarc." + domain, dns::Type::TXT});
  for (const auto& domain : domains) static_cast<void>(find_record(lookups, tools, domain));
}

}  // namespace mailweir
