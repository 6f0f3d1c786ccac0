// SPDX-License-Identifier: BSD-2-Clause
#include "reputation/list_looks.h"

#include <algorithm>
#include <thread>

#include "base/text.h"
#include "reputation/removal.h"

namespace mailweir {
namespace {

// What a list is asked for: an address, or else a domain.
struct Asked {
  std::string subject, name;  // as text; the name of the question
  bool v4 = false;
};

std::vector<Asked> asked_of(const WatchedList& list, const Watched& watched) {
  std::vector<Asked> all;
  if (list.kind == DnsblKind::address) {
    for (const auto& [address, ours] : watched.addresses)
      all.push_back({address.to_string(), dnsbl_name(address, list.zone), address.is_v4()});
  } else {
    for (const auto& domain : watched.domains) all.push_back({domain.name, dnsbl_name(domain.name, list.zone)});
  }
  return all;
}

Finding finding_of(const WatchedList& list, const std::string& subject) {
  Finding finding;
  static_cast<Matter&>(finding) = {subject, "dnsbl", list.name};
  return finding;
}

Finding blind_list(const WatchedList& list, const std::string& reason) {
  Finding finding;
  static_cast<Matter&>(finding) = {list.name, "dnsbl"};
  finding.standing = Standing::blind;
  finding.detail = cleaned(reason, true, 200);
  finding.advice =
      "Listings there are not seen now. Many lists refuse public name servers: ask them through a resolver of your "
      "own ([dns] servers), or with the key that the operator gives you; remove a list that has ended.";
  return finding;
}

Finding look_up(Lookups& lookups, const WatchedList& list, const Asked& asked, const std::string& hostname) {
  Finding finding = finding_of(list, asked.subject);
  if (asked.name.empty()) return finding;  // too long to be listed
  const auto read = read_dnsbl_answer(lookups.get({asked.name, dns::Type::A}), list);
  finding.detail = read.detail;
  if (read.word == DnsblWord::error) {
    finding.standing = Standing::blind;
    finding.advice = "Try again later; mailweirctl dnsbl " + list.name + ' ' + asked.subject + " shows the answer.";
  } else if (read.word == DnsblWord::listed) {
    finding.standing = Standing::listed;
    if (const auto text = dnsbl_text(lookups, asked.name); !text.empty()) finding.detail += ": " + text;
    finding.page = removal_page(list.removal.empty() ? known_removal_page(list.zone) : list.removal, asked.subject);
    finding.paste = removal_text(asked.subject, list.zone, finding.detail, hostname);
    finding.advice = "Find out what was sent from there, and end it. Then ask for the removal.";
  }
  return finding;
}

// Until the list has stopped answering.
std::vector<Finding> ask_for_each(dns::Resolver& resolver, const WatchedList& list, const std::vector<Asked>& asked,
                                  const std::string& hostname, Deadline all) {
  std::vector<Look<Finding>> looks;
  for (const auto& one : asked)
    looks.emplace_back([list, one, hostname](Lookups& lookups) { return look_up(lookups, list, one, hostname); });
  Pace pace;
  pace.at_once = list_pace;
  pace.all = all;
  std::size_t errors = 0;
  return side_by_side<Finding>(resolver, looks, pace, [&](const Finding& finding) {
    errors = finding.standing == Standing::blind ? errors + 1 : 0;
    return errors < most_list_errors;
  });
}

std::vector<Finding> look_at(dns::Resolver& resolver, const WatchedList& list, const Watched& watched, Deadline all) {
  std::vector<Asked> asked = asked_of(list, watched);
  const auto proof = [&] {
    const auto until = std::min(all.at(), Deadline::in(Pace().each).at());
    return prove_dnsbl(*Lookups::make(resolver, Deadline(until)), list);
  }();
  std::vector<Finding> findings;
  const auto keep = [&](const Asked& one) {
    findings.push_back(finding_of(list, one.subject));
    findings.back().standing = Standing::kept;
  };
  if (proof.word != DnsblProof::Word::good) {
    const bool lies = proof.word == DnsblProof::Word::lies;
    findings.push_back(blind_list(list, (lies ? "wrong test points: " : "") + proof.reason));
    for (const auto& one : asked) keep(one);
    return findings;
  }
  // An address family without test points is not served; one whose test points had trouble cannot be asked now.
  const auto served = [&](const Asked& one) {
    return list.kind == DnsblKind::domain ? proof.domains : one.v4 ? proof.ipv4 : proof.ipv6;
  };
  const auto unserved = std::stable_partition(asked.begin(), asked.end(), served);
  const bool trouble = unserved != asked.end() && !proof.reason.empty();
  if (trouble)
    for (auto one = unserved; one != asked.end(); ++one) keep(*one);
  asked.erase(unserved, asked.end());

  auto found = ask_for_each(resolver, list, asked, watched.hostname, all);
  const bool stopped = found.size() < asked.size();
  if (trouble || stopped) findings.push_back(blind_list(list, stopped ? found.back().detail : proof.reason));
  else findings.push_back({{list.name, "dnsbl"}});
  for (std::size_t i = found.size(); i < asked.size(); ++i) keep(asked[i]);
  findings.insert(findings.end(), found.begin(), found.end());
  return findings;
}

}  // namespace

std::vector<Finding> look_at_lists(dns::Resolver& resolver, const Watched& watched, Deadline all) {
  std::vector<std::vector<Finding>> found(watched.lists.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < watched.lists.size(); ++i)
    threads.emplace_back([&, i] { found[i] = look_at(resolver, watched.lists[i], watched, all); });
  for (auto& thread : threads) thread.join();
  std::vector<Finding> findings;
  for (const auto& of_list : found) findings.insert(findings.end(), of_list.begin(), of_list.end());
  return findings;
}

}  // namespace mailweir
