// SPDX-License-Identifier: BSD-2-Clause
#include "rule/way_maps.h"

#include <algorithm>

#include "rule/pseudo_address.h"

namespace mailweir {

std::optional<WayMap> parse_way_map(std::string_view name) {
  for (const auto& [known, map] : way_map_names)
    if (known == name) return map;
  return {};
}

void WayMaps::Index::add(const WayAddresses& addresses, std::size_t way) {
  for (const auto& entry : addresses.entries) entries.emplace(entry, way);
  for (const auto& list : addresses.lists) lists.emplace_back(list, way);
}

std::optional<std::size_t> WayMaps::Index::find(std::string_view key) const {
  std::optional<std::size_t> found;
  if (const auto entry = entries.find(key); entry != entries.end()) found = entry->second;
  for (const auto& [list, way] : lists) {
    if (found && way >= *found) break;  // they stand in order
    if (list->find_word(key)) found = way;
  }
  return found;
}

void WayMaps::Index::keys(std::vector<std::string>& all) const {
  for (const auto& [key, way] : entries) all.push_back(key);
  for (const auto& [list, way] : lists)
    list->each([&](std::string_view key, std::string_view) {
      if (!key.empty()) all.emplace_back(key);
    });
}

WayMaps::WayMaps(WaysOut ways) : ways_(std::move(ways)), by_sender_(ways_.relays.size(), false) {
  for (std::size_t i = 0; i < ways_.routes.size(); ++i) {
    const auto& route = ways_.routes[i];
    if (!route.postfix.empty()) transports_.add(route.senders, i);
    if (!route.sendmail.empty()) mailers_.add(route.senders, i);
  }
  never_.add(ways_.never, 0);
  for (const auto& [key, value] : ways_.tls) {
    tls_.entries.emplace(key, tls_values_.size());
    tls_values_.push_back(value);
  }
  for (std::size_t i = 0; i < ways_.relays.size(); ++i) {
    const auto& relay = ways_.relays[i];
    relays_.add(relay.senders, i);
    relay_recipients_.add(relay.recipients, i);
    if (relay.is_direct()) continue;
    const auto host = folded(relay.host);
    if (!relay.tls.empty() && tls_.entries.emplace(host, tls_values_.size()).second) tls_values_.push_back(relay.tls);
    for (std::size_t other = 0; other < ways_.relays.size(); ++other) {
      const auto& that = ways_.relays[other];
      const bool same_login = that.user == relay.user && that.password == relay.password;
      if (!same_login && equal_folded(that.host, relay.host)) by_sender_[i] = true;
    }
    // Of those that share a host it is the login for mail without a sender of its own: bounces.
    if (!relay.user.empty() && (!by_sender_[i] || relay.senders.has_all())) hosts_.entries.emplace(host, i);
  }
}

bool WayMaps::logs_in_by_sender(const RelayHop& relay) const {
  return by_sender_[static_cast<std::size_t>(&relay - ways_.relays.data())];
}

std::optional<std::size_t> WayMaps::most_specific(const Index& index, std::string_view address) const {
  std::optional<std::size_t> found;
  each_address_key(address, ways_.spelling, [&](std::string_view key) {
    found = index.find(key);
    return found.has_value();
  });
  return found;
}

std::optional<std::size_t> WayMaps::first_of(const Index& index, std::string_view address) const {
  std::optional<std::size_t> first;
  each_address_key(address, ways_.spelling, [&](std::string_view key) {
    const auto found = index.find(key);
    if (found && (!first || *found < *first)) first = found;
    return first == std::size_t{0};
  });
  return first;
}

bool WayMaps::is_never_rewritten(std::string_view recipient) const {
  return most_specific(never_, recipient) || first_of(relay_recipients_, recipient);
}

bool WayMaps::forces_tls(std::string_view domain) const {
  bool forced = false;
  each_next_hop_key(domain, [&](std::string_view key) {
    const bool found = key != any_way && ways_.tls.contains(std::string(key));
    forced = found && ways_.forced_tls.contains(key);
    return found;
  });
  return forced;
}

bool WayMaps::is_of_route(std::string_view transport) const {
  return std::ranges::any_of(ways_.routes, [&](const NamedRoute& route) {
    const auto has = [&](const std::string& one) { return RouteTransport(one).name == transport; };
    return std::ranges::any_of(route.postfix, has) || (!route.sendmail.empty() && route.mailer() == transport);
  });
}

std::optional<std::size_t> WayMaps::relay_of(std::string_view sender) const { return first_of(relays_, sender); }

std::optional<std::string_view> WayMaps::route_of(std::string_view sender) const {
  if (const auto relay = relay_of(sender); relay && !ways_.relays[*relay].is_direct()) return {};
  auto route = most_specific(transports_, sender);
  if (!route) route = most_specific(mailers_, sender);
  return route ? std::string_view(ways_.routes[*route].name) : std::string_view();
}

// A sender's login is told only where the host alone would not do: it would be shown to whichever server the mail of
// this sender goes to.
std::string WayMaps::login_of(std::string_view key) const {
  const auto login = [this](std::size_t relay) {
    const auto& of = ways_.relays[relay];
    return of.user.empty() ? std::string() : of.user + ':' + of.password;
  };
  if (const auto host = hosts_.find(folded(key))) return login(*host);
  if (key.find('@') == key.npos) return {};
  const auto relay = relay_of(key);
  return relay && by_sender_[*relay] ? login(*relay) : std::string();
}

// The relay by which mail comes in for this domain; null: none.
const RelayHop* WayMaps::relay_in(std::string_view address) const {
  const auto relay = first_of(relay_recipients_, address);
  const bool comes_in = relay && ways_.relays[*relay].accept != RelayAccept::none;
  return comes_in ? &ways_.relays[*relay] : nullptr;
}

// An action of access(5). Postfix asks for the address first, and for the domain when that is not found: a recipient
// that is known must be found.
std::string WayMaps::accepted(std::string_view recipient) const {
  const bool is_domain = recipient.find('@') == recipient.npos;
  const RelayHop* const relay = relay_in(is_domain ? '@' + std::string(recipient) : std::string(recipient));
  if (relay == nullptr) return {};
  if (relay->accept == RelayAccept::verify) return "reject_unverified_recipient";
  bool known = false;
  each_address_key(is_domain ? std::string_view() : recipient, ways_.spelling, [&](std::string_view key) {
    const auto at = key.find('@');
    known = at != key.npos && at + 1 < key.size() && relay->accepted->find_word(key).has_value();
    return known;
  });
  return known ? "DUNNO" : "550 5.1.1 User unknown";
}

std::string WayMaps::find(WayMap map, std::string_view key) const {
  switch (map) {
    case WayMap::transport: {
      const auto route = most_specific(transports_, key);
      return route ? ways_.routes[*route].postfix.front() : std::string();
    }
    case WayMap::mailer: {
      const auto route = most_specific(mailers_, key);
      return route ? std::string(ways_.routes[*route].mailer()) : std::string();
    }
    case WayMap::relay: {
      const auto relay = relay_of(key);
      if (!relay) return {};
      const auto& of = ways_.relays[*relay];
      return of.is_direct() ? "DUNNO" : of.host;  // DUNNO: the relayhost of main.cf neither
    }
    case WayMap::relay_recipient: {
      const auto relay = first_of(relay_recipients_, key);
      if (!relay) return {};
      const auto& of = ways_.relays[*relay];
      return ':' + (of.is_direct() ? domain_of_way(key) : of.host);  // the sender's transport stays
    }
    case WayMap::tls: {
      std::optional<std::size_t> found;
      each_next_hop_key(key, [&](std::string_view each) {
        found = tls_.find(each);
        return found.has_value();
      });
      return found ? tls_values_[*found] : std::string();
    }
    case WayMap::login: return login_of(key);
    case WayMap::relay_domain:
      return key.find('@') == key.npos && relay_in('@' + std::string(key)) != nullptr ? "relay" : std::string();
    case WayMap::accept: return accepted(key);
    case WayMap::generic: return from_pseudo(key).value_or("");
  }
  return {};
}

const WayMaps::Index& WayMaps::index_of(WayMap map) const {
  switch (map) {
    case WayMap::transport: return transports_;
    case WayMap::mailer: return mailers_;
    case WayMap::relay: return relays_;
    case WayMap::relay_recipient:
    case WayMap::relay_domain:
    case WayMap::accept: return relay_recipients_;
    case WayMap::tls: return tls_;
    case WayMap::login:
    case WayMap::generic: break;
  }
  return hosts_;
}

std::vector<std::string> WayMaps::keys(WayMap map) const {
  std::vector<std::string> all;
  if (map == WayMap::generic) return all;  // it computes its answers
  index_of(map).keys(all);
  if (map == WayMap::login && std::ranges::find(by_sender_, true) != by_sender_.end()) relays_.keys(all);
  if (map == WayMap::relay_domain || map == WayMap::accept) {
    std::erase_if(all, [this](const std::string& domain) {
      return domain.find('@') != domain.npos || relay_in('@' + domain) == nullptr;
    });
    for (const auto& relay : ways_.relays)
      if (map == WayMap::accept && relay.accepted)
        relay.accepted->each([&](std::string_view key, std::string_view) {
          if (key.find('@') != key.npos && relay_in(key) == &relay) all.emplace_back(key);
        });
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace mailweir
