// SPDX-License-Identifier: BSD-2-Clause
#include "reputation/address_looks.h"

#include <algorithm>

#include "base/text.h"
#include "check/host.h"
#include "check/iprev.h"

namespace mailweir {
namespace {

Finding finding_of(const IpAddress& address, std::string_view check) {
  Finding finding;
  finding.subject = address.to_string();
  finding.check = check;
  return finding;
}

Finding reverse_name(const IpAddress& address, const AuthResult& result, const std::string& hostname) {
  Finding finding = finding_of(address, "PTR");
  if (result.word == AuthWord::permerror) {
    finding.standing = Standing::wrong;
    finding.detail = "it has no reverse name";
    finding.advice = "Have the owner of the network (your provider) publish: " + address.reverse_name() + ". IN PTR " +
                     hostname + '.';
  }
  return finding;
}

// It is not known without a reverse name.
Finding leads_back(const IpAddress& address, const AuthResult& result) {
  Finding finding = finding_of(address, "forward");
  if (result.word == AuthWord::permerror) finding.standing = Standing::kept;
  if (result.word != AuthWord::fail) return finding;
  finding.standing = Standing::wrong;
  finding.detail = result.reason;
  finding.advice = "Give that name the address (" + std::string(address.is_v4() ? "A " : "AAAA ") +
                   address.to_string() + "), or change the reverse name to one that has it.";
  return finding;
}

Finding helo_name(Lookups& lookups, const IpAddress& address, const AuthResult& reverse, const std::string& hostname) {
  Finding finding = finding_of(address, "HELO");
  const auto& answer = lookups.get({hostname, address.is_v4() ? dns::Type::A : dns::Type::AAAA});
  if (std::any_of(answer.records.begin(), answer.records.end(),
                  [&](const dns::Record& record) { return record.address == address; }))
    return finding;
  if (reverse.word == AuthWord::pass) {
    finding.detail = hostname + " is not a name of it; its transport must have a name of its own (smtp_helo_name)";
    return finding;
  }
  if (answer.status == dns::Answer::Status::temperror || reverse.word == AuthWord::temperror) {
    finding.standing = Standing::blind;
    finding.detail = hostname + ": " + cleaned(answer.detail, true, 100);
    finding.advice = "Try again later.";
    return finding;
  }
  finding.standing = Standing::wrong;
  finding.detail = shown_name(hostname) + " does not have this address";
  finding.advice = "Give the name that the mail server says in HELO the address " + address.to_string() +
                   ". If it is not " + shown_name(hostname) + ", set [general] hostname.";
  return finding;
}

}  // namespace

std::vector<Finding> look_at_address(Lookups& lookups, const WatchedAddress& watched, const std::string& hostname) {
  const IpAddress& address = watched.address;
  if (watched.ours) lookups.want({hostname, address.is_v4() ? dns::Type::A : dns::Type::AAAA});
  const auto reverse = iprev(lookups, address);
  std::vector<Finding> findings = {reverse_name(address, reverse, hostname), leads_back(address, reverse)};
  if (reverse.word == AuthWord::temperror)
    for (auto& finding : findings) {
      finding.standing = Standing::blind;
      finding.detail = reverse.reason;
      finding.advice = "Try again later.";
    }
  if (watched.ours) findings.push_back(helo_name(lookups, address, reverse, hostname));
  return findings;
}

}  // namespace mailweir
