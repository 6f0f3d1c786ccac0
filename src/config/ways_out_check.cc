// SPDX-License-Identifier: BSD-2-Clause
// What of the ways out does not go together: ways that no mail takes, passwords that others could read or that would be
// shown to another server, TLS that is looked up by another name than the admin thinks.
#include "base/text.h"
#include "config/tls_level.h"
#include "config/ways_out.h"

namespace mailweir {
namespace {

// Of a route by senders, which has one transport; "": the recipient's own server, or the relay.
std::string next_hop_of(const NamedRoute& route) {
  return route.postfix.empty() ? std::string() : std::string(RouteTransport(route.postfix.front()).next_hop);
}

using PlacesByName = std::map<std::string, Place, std::less<>>;

class WaysOutCheck {
 public:
  WaysOutCheck(const WayMaps& maps, const PlacesByName& places, const Config& config, Problems& problems)
      : maps_(maps), ways_(maps.ways()), places_(places), config_(config), problems_(problems) {}

  void run() {
    passwords_stay_here();
    logins_by_sender();
    relays_that_are_hidden();
    hops_set_twice();
    relays_that_would_bounce();
    for (const auto& [key, value] : ways_.tls)
      if (forces_tls(value) && key != any_way && key.find_first_of("[:") == key.npos) tls_that_is_not_looked_up(key);
  }

 private:
  Place place(const std::string& name) const {
    const auto found = places_.find(name);
    return found == places_.end() ? Place() : found->second;
  }
  void error(const std::string& name, std::string_view why) { problems_.error(place(name), name, why); }
  void warning(const std::string& name, std::string_view why) { problems_.warning(place(name), name, why); }

  // Every client that may connect may ask for the map of logins.
  void passwords_stay_here() {
    const auto& door = config_.socketmap;
    if (!door.socket) return;
    for (const auto& relay : ways_.relays) {
      if (relay.user.empty()) continue;
      if (door.socket->kind != SocketName::Kind::unix_path)
        error("relay." + relay.name,
              "has a password, which any client could ask [socketmap] for; make its socket a unix socket");
      else if ((door.mode & 07) != 0)
        error("relay." + relay.name,
              "has a password, which all users could ask [socketmap] for; set its mode = \"0660\"");
      return;
    }
  }

  // Where the login is told by the sender, Postfix shows it to whichever server this sender's mail goes to.
  void logins_by_sender() {
    for (const auto& relay : ways_.relays) {
      if (relay.user.empty() || !maps_.logs_in_by_sender(relay)) continue;
      const std::string name = "relay." + relay.name;
      if (relay.senders.empty())
        return error(name,
                     "has the host of another [relay] and a login of its own; a login by recipient is not "
                     "possible: give the host another name, or use one login");
      for (const auto& other : ways_.relays)
        if (!other.recipients.empty())
          return error(name,
                       "has the host of another [relay] and a login of its own, so Postfix looks the login up by "
                       "sender; the mail that [relay." +
                           other.name +
                           "] takes would show it to another server: "
                           "give the host another name here");
      for (const auto& route : ways_.routes)
        if (!next_hop_of(route).empty())
          return error(name,
                       "has the host of another [relay] and a login of its own, so Postfix looks the login up by "
                       "sender; the mail that [routes." +
                           route.name +
                           "] takes would show it to another server: "
                           "give the host another name here");
    }
  }

  void relays_that_are_hidden() {
    const RelayHop* all = nullptr;
    for (const auto& relay : ways_.relays) {
      if (all != nullptr && !relay.senders.empty())
        warning("relay." + relay.name,
                "is never used: [relay." + all->name + "] stands before it and takes all senders");
      if (relay.senders.has_all() && all == nullptr) all = &relay;
    }
  }

  void hops_set_twice() {
    for (const auto& relay : ways_.relays)
      if (!relay.is_direct() && !relay.tls.empty() && ways_.tls.contains(folded(relay.host)))
        error("tls." + folded(relay.host), "is the host of [relay." + relay.name + "]; write its tls there");
  }

  // Postfix tells neither server nor recipient to the filter.
  void relays_that_would_bounce() {
    if (ways_.on_failure != TlsFailure::bounce) return;
    for (const auto& relay : ways_.relays)
      if (relay.senders.has_all() && forces_tls(relay.tls))
        return warning("tls.on_failure", "is \"bounce\", and [relay." + relay.name +
                                             "] takes all mail, with TLS: while that fails, all mail is returned");
  }

  // Postfix looks up the next hop: with a relay that is the relay, and not the recipient's domain.
  void tls_that_is_not_looked_up(const std::string& key) {
    const std::string name = key.starts_with('.') ? key.substr(1) : key;
    const auto by_recipient = maps_.find(WayMap::relay_recipient, key.starts_with('.') ? key : '@' + key);
    if (!by_recipient.empty() && by_recipient == ':' + key) return;  // direct
    const auto tell = [&](const std::string& way, bool all_mail, std::string_view by) {
      problems_.warning(place("tls." + key), "tls.\"" + key + '"',
                        std::string(all_mail ? "has no effect: " : "has no effect on mail that ") + way +
                            (all_mail ? " takes all mail" : " takes") + ", and Postfix looks TLS up by the next hop, " +
                            std::string(by) + "; to deliver to this domain directly, add: [relay.\"" + name +
                            "\"] recipients = [\"" + key + "\"], host = \"direct\"");
    };
    for (const auto& relay : ways_.relays)
      if (!relay.senders.empty() && !relay.is_direct() && (relay.senders.has_all() || !forces_tls(relay.tls)))
        return tell("[relay." + relay.name + ']', relay.senders.has_all(), relay.host);
    for (const auto& route : ways_.routes)
      if (!route.senders.empty() && !next_hop_of(route).empty() && !route.tls)
        return tell("[routes." + route.name + ']', route.senders.has_all(), next_hop_of(route));
  }

  const WayMaps& maps_;
  const WaysOut& ways_;
  const PlacesByName& places_;
  const Config& config_;
  Problems& problems_;
};

}  // namespace

void check_ways_out(const WayMaps& maps, const PlacesByName& places, const Config& config, Problems& problems) {
  WaysOutCheck(maps, places, config, problems).run();
}

}  // namespace mailweir
