// SPDX-License-Identifier: BSD-2-Clause
#include "rule/way_keys.h"

#include "base/text.h"
#include "mail/domain.h"
#include "mail/longest_address.h"

namespace mailweir {
namespace {

// The address that is looked up: Sendmail has angle brackets around it. Empty: there is none.
std::string_view looked_up(std::string_view key) {
  if (key == "\"<>\"") return {};
  if (key.starts_with('<') && key.ends_with('>')) key = key.substr(1, key.size() - 2);
  return key.size() > longest_address ? std::string_view() : key;
}

// "a.b.example", ".b.example", ".example".
bool visit_domain(std::string_view domain, const WayKeyVisit& visit) {
  while (!domain.empty()) {
    if (visit(domain)) return true;
    const auto dot = domain.find('.', 1);
    domain = dot == domain.npos ? std::string_view() : domain.substr(dot);
  }
  return false;
}

bool visit_mailbox(const Address& address, const WayKeyVisit& visit) {
  const std::string_view text = address.text();
  if (visit(text)) return true;
  if (!address.is_plain() && visit(address.plain())) return true;
  if (visit(text.substr(0, address.local().size() + 1))) return true;
  return !address.is_plain() && visit(std::string(address.plain_local()) + '@');
}

}  // namespace

void each_address_key(std::string_view address, const MailboxSpelling& spelling, const WayKeyVisit& visit) {
  const auto key = looked_up(address);
  if (key.empty()) return;
  bool done = false;
  const auto at = key.rfind('@');
  if (at == key.npos || at == 0) {
    done = visit_domain(compared_domain(at == 0 ? key.substr(1) : key), visit);
  } else {
    const auto parsed = Address::parse(key, spelling);
    done = visit_mailbox(parsed, visit) || visit_domain(parsed.domain(), visit);
  }
  if (!done) visit(any_way);
}

void each_next_hop_key(std::string_view hop, const WayKeyVisit& visit) {
  const auto key = looked_up(hop);
  if (key.empty()) return;
  const auto whole = folded(key);
  if (visit(whole)) return;
  if (!whole.starts_with('[')) {
    const auto domain = compared_domain(whole.substr(0, whole.find(':')));
    const auto wanted = [&](std::string_view each) { return each != whole && visit(each); };
    if (visit_domain(domain, wanted)) return;
  }
  visit(any_way);
}

std::string domain_of_way(std::string_view address) {
  const auto key = looked_up(address);
  const auto at = key.rfind('@');
  return compared_domain(at == key.npos ? key : key.substr(at + 1));
}

}  // namespace mailweir
