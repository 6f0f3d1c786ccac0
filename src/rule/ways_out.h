// SPDX-License-Identifier: BSD-2-Clause
// WaysOut: by which way mail leaves, as the policy file has it: [routes], [relay] and [tls]. Values; rule/way_maps.h
// answers from them.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mail/address.h"
#include "port/table.h"
#include "rule/named_route.h"
#include "rule/way_addresses.h"

namespace mailweir {

// [relay.NAME] accept: which recipients mail is taken for that comes in from anywhere, for a server behind this one.
enum class RelayAccept {
  none,    // mail does not come in by this relay
  verify,  // those that the server behind takes: it is asked
  listed,  // those in a list
};

// [relay.NAME]: mail of these senders, or to these recipients, is handed to another server.
struct RelayHop {
  static constexpr std::string_view direct = "direct";

  std::string name;
  WayAddresses senders, recipients;
  std::string host;  // "[gw.example.org]:587", or `direct`: to the recipient's own server, whatever else is said
  std::string tls;   // a level of smtp_tls_policy_maps with its attributes; "": as [tls] says
  std::string user, password;  // "": no login
  RelayAccept accept = RelayAccept::none;
  std::string accept_written;  // as in the policy file
  TablePtr accepted;           // of RelayAccept::listed
  std::string password_file;

  bool is_direct() const { return host == direct; }
};

// [tls] on_failure: what becomes of mail whose TLS is not as wanted.
enum class TlsFailure { defer, bounce };

struct WaysOut {
  std::vector<NamedRoute> routes;  // these and the next in the order of the file
  std::vector<RelayHop> relays;
  std::map<std::string, std::string> tls;         // domain, ".parent", next hop or "*": level and attributes
  std::set<std::string, std::less<>> forced_tls;  // keys of tls whose level sends nothing without it
  TlsFailure on_failure = TlsFailure::defer;
  // [routes] never: recipients that no route of kind rewrite takes: this server delivers, relays or sends their mail in
  // a way of its own.
  WayAddresses never;
  bool never_written = false;
  MailboxSpelling spelling;

  bool empty() const { return routes.empty() && relays.empty() && tls.empty() && never.empty(); }
};

}  // namespace mailweir
