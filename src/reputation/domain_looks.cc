// SPDX-License-Identifier: BSD-2-Clause
#include "reputation/domain_looks.h"

#include <algorithm>

#include "base/text.h"
#include "check/dmarc_walk.h"
#include "check/key_record.h"
#include "check/published_key.h"
#include "check/sender_domain.h"
#include "check/signing_keys.h"
#include "check/spf.h"

namespace mailweir {
namespace {

constexpr std::string_view later = "Try again later.";
constexpr std::size_t most_told_mechanisms = 8;

Finding found(Matter matter, Standing standing, std::string_view detail, std::string advice) {
  Finding finding;
  static_cast<Matter&>(finding) = std::move(matter);
  finding.standing = standing;
  finding.detail = cleaned(detail, false, 300);
  finding.advice = std::move(advice);
  return finding;
}

Finding dkim_record(Lookups& lookups, const std::string& domain, const DkimKey& key) {
  const Matter matter{domain, "DKIM", key.domain == domain ? key.selector : key.selector + ' ' + key.domain};
  const std::string name = name_of(key);
  const auto answer = compare_with(key, lookups.get({name, dns::Type::TXT}));
  if (answer.what == Published::no_answer)
    return found(matter, Standing::blind, name + ": " + answer.detail, std::string(later));
  if (answer.what == Published::yes && answer.detail.empty()) return found(matter, Standing::good, "", "");
  if (answer.what == Published::yes)
    return found(matter, Standing::wrong, name + ": " + answer.detail, "Remove t=y from the record.");
  return found(matter, Standing::wrong,
               name + ": " + std::string(to_string(answer.what)) + (answer.detail.empty() ? "" : ": " + answer.detail),
               "Signatures of this key do not verify. Publish: " + txt_line(name, key_record(*key.signer)));
}

Finding dmarc_record(Lookups& lookups, const std::string& domain) {
  const Matter matter{domain, "DMARC"};
  const DmarcWalk walk(lookups, domain);
  const auto* applied = walk.applied({});
  for (const auto& step : walk.steps())
    if (step.kind == DmarcStep::Kind::trouble)
      return found(matter, Standing::blind, "_dmarc." + step.domain + ": " + step.text, std::string(later));
  const std::string publish = "Publish: " + txt_line("_dmarc." + domain, "v=DMARC1; p=none; rua=mailto:ADDRESS");
  const auto& own = walk.steps().front();
  if (own.kind == DmarcStep::Kind::several)
    return found(matter, Standing::wrong, "_dmarc." + domain + " has several DMARC records, so none counts",
                 "Leave one of them.");
  if (applied == nullptr) return found(matter, Standing::wrong, "there is no DMARC record", publish);
  const auto record = read_dmarc_record(applied->text);
  if (!record)
    return found(matter, Standing::wrong, "_dmarc." + applied->domain + ": " + record.error().what,
                 "Correct the record.");
  return found(matter, Standing::good, "p=" + std::string(to_string(record->policy)) + " at " + applied->domain, "");
}

Finding mail_host(Lookups& lookups, const std::string& domain) {
  const Matter matter{domain, "MX"};
  const auto result = sender_domain_dns(lookups, domain);
  if (result.status == DomainStatus::exists) return found(matter, Standing::good, "", "");
  if (result.status == DomainStatus::temperror)
    return found(matter, Standing::blind, result.reason, std::string(later));
  return found(matter, Standing::wrong, result.reason,
               "Receivers refuse senders to whom no mail can be returned. Publish an MX record whose host has an "
               "address.");
}

// "v=spf1 ip4:192.0.2.1 -all"
std::string fitting_record(const Watched& watched) {
  std::string text = "v=spf1";
  std::size_t told = 0;
  for (const auto& one : watched.addresses) {
    if (told++ == most_told_mechanisms) {
      text += " (and the other addresses)";
      break;
    }
    text += (one.address.is_v4() ? " ip4:" : " ip6:") + one.address.to_string();
  }
  return text + " -all";
}

}  // namespace

std::vector<Finding> look_at_domain(Lookups& lookups, const WatchedDomain& domain) {
  DmarcWalk::want(lookups, domain.name);
  lookups.want({domain.name, dns::Type::MX});
  for (const auto& key : domain.keys) lookups.want({name_of(*key), dns::Type::TXT});
  std::vector<Finding> findings;
  for (const auto& key : domain.keys) findings.push_back(dkim_record(lookups, domain.name, *key));
  findings.push_back(dmarc_record(lookups, domain.name));
  findings.push_back(mail_host(lookups, domain.name));
  return findings;
}

void SpfSeen::add(const SpfSeen& other) {
  passed += other.passed;
  refused += other.refused;
  unknown += other.unknown;
  if (refusal.empty()) refusal = other.refusal;
  if (trouble.empty()) trouble = other.trouble;
  has_record = has_record || other.has_record;
}

SpfSeen see_spf(Lookups& lookups, const Watched& watched, const std::string& domain, std::size_t first) {
  SpfSeen seen;
  for (std::size_t i = first; i < std::min(watched.addresses.size(), first + spf_addresses_at_once); ++i) {
    SpfRequest request;
    request.client = watched.addresses[i].address;
    request.domain = domain;
    request.helo = request.receiver = watched.hostname;
    request.now = watched.now;
    const auto result = watched.spf ? watched.spf->check(lookups, request) : spf::check(lookups, request);
    seen.has_record = seen.has_record || !result.record.empty();
    const auto told = [&] {
      return request.client.to_string() + ": " + std::string(to_string(result.word)) +
             (result.reason.empty() ? "" : " (" + result.reason + ')');
    };
    if (result.word == AuthWord::pass) {
      ++seen.passed;
    } else if (result.word == AuthWord::temperror) {
      if (seen.unknown++ == 0) seen.trouble = told();
    } else if (seen.refused++ == 0) {
      seen.refusal = told();
    }
  }
  return seen;
}

Finding spf_finding(const std::string& domain, const SpfSeen& seen, const Watched& watched) {
  const Matter matter{domain, "SPF"};
  const auto more = [](std::size_t count) {
    return count < 2 ? std::string() : "; " + std::to_string(count - 1) + " other addresses, too";
  };
  if (seen.refused > 0 && !seen.has_record)
    return found(matter, Standing::wrong, "there is no SPF record",
                 "Publish: " + txt_line(domain, fitting_record(watched)));
  if (seen.refused > 0)
    return found(matter, Standing::wrong, cleaned(seen.refusal, false, 250) + more(seen.refused),
                 "Let the SPF record of the domain contain the addresses that its mail leaves from.");
  if (seen.unknown > 0)
    return found(matter, Standing::blind, cleaned(seen.trouble, false, 250) + more(seen.unknown), std::string(later));
  return found(matter, Standing::good, "pass", "");
}

}  // namespace mailweir
