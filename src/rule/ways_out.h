// SPDX-License-Identifier: BSD-2-Clause
// WaysOut: by which way mail leaves, as the policy file has it: [routes], [relay] and [tls]. Values; rule/way_maps.h
// answers from them.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/ip.h"
#include "mail/address.h"
#include "port/table.h"
#include "rule/way_keys.h"

namespace mailweir {

// Whose mail takes a way: senders, or recipients.
struct WayAddresses {
  std::vector<std::string> written;  // as in the policy file
  std::vector<std::string> entries;  // in one spelling: "a@b.example", "a@", "b.example", ".b.example", "*"
  std::vector<TablePtr> lists;

  bool empty() const { return entries.empty() && lists.empty(); }
  bool has_all() const { return std::ranges::find(entries, any_way) != entries.end(); }
};

// [routes.NAME]: mail of these senders is delivered by a transport of its own.
struct SenderRoute {
  std::string name;
  WayAddresses senders;
  std::string postfix;               // "smtp-ip1:", or with a next hop: a transport of master.cf; "": not with Postfix
  std::string sendmail;              // a mailer; "": not with Sendmail
  bool tls = false;                  // that transport encrypts always
  std::vector<IpAddress> addresses;  // that it sends from

  bool has_next_hop() const { return !postfix.empty() && !postfix.ends_with(':'); }
};

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
  std::vector<SenderRoute> routes;  // these and the next in the order of the file
  std::vector<RelayHop> relays;
  std::map<std::string, std::string> tls;  // domain, ".parent", next hop or "*": level and attributes
  TlsFailure on_failure = TlsFailure::defer;
  MailboxSpelling spelling;

  bool empty() const { return routes.empty() && relays.empty() && tls.empty(); }
};

}  // namespace mailweir
