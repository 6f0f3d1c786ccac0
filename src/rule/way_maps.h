// SPDX-License-Identifier: BSD-2-Clause
// WayMaps: WaysOut as the tables that a mail server looks up, one for each parameter of Postfix. Immutable;
// thread-safe. A lookup needs memory only: no DNS, no Redis, no file.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "port/egress_choice.h"
#include "rule/ways_out.h"

namespace mailweir {

enum class WayMap {
  transport,        // by sender: sender_dependent_default_transport_maps
  mailer,           // by sender: a mailer of Sendmail
  relay,            // by sender: sender_dependent_relayhost_maps
  relay_recipient,  // by recipient: transport_maps
  tls,              // by next hop: smtp_tls_policy_maps
  login,            // by sender or next hop: smtp_sasl_password_maps
  relay_domain,     // by domain: relay_domains
  accept,           // by recipient: check_recipient_access
  generic,          // by pseudo address: smtp_generic_maps of a route's transport
};

inline constexpr std::array<std::pair<std::string_view, WayMap>, 9> way_map_names{{
    {"transport", WayMap::transport},
    {"mailer", WayMap::mailer},
    {"relay", WayMap::relay},
    {"relay_recipient", WayMap::relay_recipient},
    {"tls", WayMap::tls},
    {"login", WayMap::login},
    {"relay_domain", WayMap::relay_domain},
    {"accept", WayMap::accept},
    {"generic", WayMap::generic},
}};
std::optional<WayMap> parse_way_map(std::string_view name);

class WayMaps final : public EgressChoice {
 public:
  explicit WayMaps(WaysOut ways);

  // The value; "" when there is none. A value is never empty.
  std::string find(WayMap map, std::string_view key) const;
  // The place in relays of the first that takes mail of this sender; nothing: none does.
  std::optional<std::size_t> relay_of(std::string_view sender) const;
  // By [routes], of Postfix or of Sendmail, and [relay] for senders.
  std::optional<std::string_view> route_of(std::string_view sender) const override;
  // Relays that share a next hop and have different logins: these are told by the sender.
  bool logs_in_by_sender(const RelayHop& relay) const;
  // Whether a route of kind rewrite must leave the recipient alone: [routes] never, or a [relay.NAME] by recipient.
  bool is_never_rewritten(std::string_view recipient) const;
  // Whether [tls] has TLS or nothing for a recipient's domain; by an entry that names it, not by "*", which holds for
  // gateways, too.
  bool forces_tls(std::string_view domain) const;
  // Whether a transport of Postfix or a mailer of Sendmail is that of a route.
  bool is_of_route(std::string_view transport) const;
  // All keys of a map that entries and lists name now, in no order.
  std::vector<std::string> keys(WayMap map) const;

  const WaysOut& ways() const { return ways_; }

 private:
  // Which of several ways has an entry for a key.
  struct Index {
    std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> entries;  // of several the first
    std::vector<std::pair<TablePtr, std::size_t>> lists;

    void add(const WayAddresses& addresses, std::size_t way);
    std::optional<std::size_t> find(std::string_view key) const;
    void keys(std::vector<std::string>& all) const;
  };
  const Index& index_of(WayMap map) const;
  std::optional<std::size_t> most_specific(const Index& index, std::string_view address) const;
  std::optional<std::size_t> first_of(const Index& index, std::string_view address) const;
  std::string login_of(std::string_view key) const;
  const RelayHop* relay_in(std::string_view address) const;
  std::string accepted(std::string_view recipient) const;

  const WaysOut ways_;
  Index transports_, mailers_, relays_, relay_recipients_, tls_, hosts_, never_;
  std::vector<std::string> tls_values_;
  std::vector<bool> by_sender_;  // relays whose login is told by the sender
};

}  // namespace mailweir
