// SPDX-License-Identifier: BSD-2-Clause
// NamedRoute: a [routes.NAME] of the policy file: a way out of its own, for mail of certain senders, or for mail that a
// rule sends there (`route = "NAME"`). A value; shared by the policy and the verdicts that name it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "rule/way_addresses.h"

namespace mailweir {

// How a rule's mail takes it: recipient by recipient, whose addresses become pseudo addresses (rule/pseudo_address.h);
// or the whole message, by FILTER of Postfix.
enum class RouteKind { rewrite, filter };

// Of several gateways: the first that is not listed on a DNSBL; or, of those that are not, by turns.
enum class GatewayPick { first, evenly };

struct NamedRoute {
  std::string name;
  RouteKind kind = RouteKind::rewrite;
  WayAddresses senders;
  std::vector<std::string> postfix;  // transports of master.cf, "smtp-ip1:", or with a next hop; none: not with Postfix
  GatewayPick pick = GatewayPick::first;
  std::string sendmail;  // a mailer, "mwbad", or with a next hop, "mwbad:[gw.example.org]"; "": not with Sendmail
  bool tls = false;      // that transport encrypts always
  std::vector<IpAddress> addresses;  // that it sends from; of several gateways: each from its own, if there are as many

  std::string_view mailer() const { return std::string_view(sendmail).substr(0, sendmail.find(':')); }
  // All that decides where its mail goes, in a line: what was confirmed for another one is void.
  std::string printed() const;
  // The address that a gateway's mail leaves from; null: not known.
  const IpAddress* address_of(std::size_t gateway) const {
    return addresses.size() == postfix.size() ? &addresses[gateway] : addresses.size() == 1 ? &addresses[0] : nullptr;
  }
};
using NamedRoutePtr = std::shared_ptr<const NamedRoute>;

// "smtp-ip1:[gw.example.org]:25" is { "smtp-ip1", "[gw.example.org]:25" }; the latter may be empty.
struct RouteTransport {
  explicit RouteTransport(std::string_view text)
      : name(text.substr(0, text.find(':'))),
        next_hop(text.find(':') == text.npos ? std::string_view() : text.substr(text.find(':') + 1)) {}
  std::string_view name, next_hop;
};

}  // namespace mailweir
