// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/way_files.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/ip.h"

namespace mailweir {
namespace {

bool is_wildcard(std::string_view key) { return key == any_way || key.starts_with('.') || key.ends_with('@'); }

// As the door finds it: a key without an "@" is a domain, but in the maps of next hops.
std::string value_of(const WayMaps& maps, WayMap map, const std::string& key) {
  const bool is_hop = map == WayMap::tls || map == WayMap::relay_domain || map == WayMap::accept ||
                      (map == WayMap::login && !is_wildcard(key));
  return maps.find(map, is_hop || key.find('@') != key.npos ? key : '@' + key);
}

// The most specific first: addresses, "user@", domains, parents by their length, "*".
auto rank(const std::string& key) {
  const int kind = key == any_way              ? 4
                   : key.starts_with('.')      ? 3
                   : key.ends_with('@')        ? 1
                   : key.find('@') != key.npos ? 0
                                               : 2;
  return std::tuple(kind, kind == 3 ? -static_cast<std::ptrdiff_t>(key.size()) : 0, std::string_view(key));
}

std::string escaped(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '@' ||
                       static_cast<unsigned char>(c) >= 0x80;
    if (!plain) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

std::string pattern_of(WayMap map, const std::string& key) {
  if (map == WayMap::tls) {
    if (key == any_way) return "/./";
    if (key.starts_with('.')) return "/^[^[]+" + escaped(key) + "(:[^:]*)?$/";
    return "/^" + escaped(key) + (key.find(':') == key.npos && !key.starts_with('[') ? "(:[^:]*)?$/" : "$/");
  }
  if (key == any_way) return "/@(.*)$/";
  if (key.starts_with('.')) return "/@(.+" + escaped(key) + ")$/";
  if (key.ends_with('@')) return "/^" + escaped(key.substr(0, key.size() - 1)) + "([+][^@]*)?@(.*)$/";
  if (key.find('@') != key.npos) return "/^" + escaped(key) + "$/";
  return "/@(" + escaped(key) + ")$/";
}

// In a pattern's line "$" begins a part of the match.
std::string for_pattern(std::string_view value) {
  std::string text;
  for (const char c : value) text += c == '$' ? std::string("$$") : std::string(1, c);
  return text;
}

std::string regexp_line(WayMap map, const std::string& key, const std::string& value) {
  std::string text = for_pattern(value);
  // To the recipient's own server: the domain is that of the key that matches.
  if (map == WayMap::relay_recipient && value == ':' + domain_of_way('@' + key) && key.find('@') == key.npos)
    text = ":$1";
  if (map == WayMap::relay_recipient && key.ends_with('@') && value == ":") text = ":$2";
  return pattern_of(map, key) + ' ' + text + '\n';
}

// As postmap(1) takes it: in the maps of senders a domain is "@example.com".
std::string plain_line(WayMap map, const std::string& key, const std::string& value) {
  const bool by_sender = map == WayMap::transport || map == WayMap::relay;
  return (by_sender && key.find('@') == key.npos ? "@" : "") + key + ' ' + value + '\n';
}

bool any(const WayMaps& maps, WayMap map) { return !maps.keys(map).empty(); }

}  // namespace

WayFiles way_files(const WayMaps& maps, WayMap map) {
  auto keys = maps.keys(map);
  // Networks in a list are for other users of it.
  std::erase_if(keys, [](const std::string& key) { return IpAddress::parse(key).has_value(); });
  std::ranges::sort(keys, [](const auto& a, const auto& b) { return rank(a) < rank(b); });
  const bool patterns = std::ranges::any_of(keys, is_wildcard);
  WayFiles files;
  for (const auto& key : keys) {
    const auto value = value_of(maps, map, key);
    if (value.empty()) continue;
    // Postfix asks all tables for the whole address first: a wildcard must not come before a domain.
    const bool is_exact = (key.find('@') != key.npos && !key.ends_with('@')) || key.starts_with('[') ||
                          (map == WayMap::login && !is_wildcard(key));
    if ((is_exact || !patterns) && key.find_first_of(" \t#\"") == key.npos) files.plain += plain_line(map, key, value);
    else files.regexp += regexp_line(map, key, value);
  }
  return files;
}

std::string postfix_lines(const WayMaps& maps, const std::string& table) {
  const WaysOut& ways = maps.ways();
  std::string main, master;
  const auto line = [&](std::string_view name, const std::string& value) {
    main += std::string(name) + " = " + value + '\n';
  };
  if (any(maps, WayMap::transport)) line("sender_dependent_default_transport_maps", table + "transport");
  if (any(maps, WayMap::relay)) line("sender_dependent_relayhost_maps", table + "relay");
  if (any(maps, WayMap::relay_recipient)) line("transport_maps", table + "relay_recipient");
  for (const auto& relay : ways.relays)
    if (relay.senders.has_all() && !relay.is_direct()) {
      main += "# for bounces, which have no sender to look up\n";
      line("relayhost", relay.host);
      break;
    }
  // Postfix takes subdomains of a relay domain for one, too, if it may.
  if (any(maps, WayMap::relay_domain)) {
    line("relay_domains", table + "relay_domain");
    line("parent_domain_matches_subdomains",
         "debug_peer_list, fast_flush_domains, mynetworks, qmqpd_authorized_clients, smtpd_access_maps");
    main += "# before what permits: recipients that do not exist are refused here, so that none is bounced later\n";
    line("smtpd_recipient_restrictions", "check_recipient_access " + table + "accept");
    line("unverified_recipient_reject_code", "550");
  }
  if (any(maps, WayMap::tls)) {
    line("smtp_tls_security_level", "may");
    line("smtp_tls_policy_maps", table + "tls");
    if (ways.on_failure == TlsFailure::bounce) {
      main += "# mail that cannot be sent with the TLS that is wanted is returned at once\n";
      line("smtp_delivery_status_filter", "regexp:{{/^4(\\.7\\.[45] .*)/ 5$$1}}");
    } else {
      main += "# the sender hears early of mail that waits, for TLS too\n";
      line("delay_warning_time", "1h");
    }
  }
  if (any(maps, WayMap::login)) {
    line("smtp_sasl_auth_enable", "yes");
    line("smtp_sasl_password_maps", table + "login");
    line("smtp_sasl_security_options", "noanonymous, noplaintext");
    line("smtp_sasl_tls_security_options", "noanonymous");
    const auto by_sender = [&](const RelayHop& relay) { return maps.logs_in_by_sender(relay); };
    if (std::ranges::any_of(ways.relays, by_sender)) line("smtp_sender_dependent_authentication", "yes");
  }
  for (const auto& route : ways.routes) {
    if (route.postfix.empty()) continue;
    const auto name = route.postfix.substr(0, route.postfix.find(':'));
    if (master.find("\n" + name + " unix") != master.npos || master.starts_with(name + " unix")) continue;
    master += name + " unix - - n - - smtp\n  -o syslog_name=postfix/" + name + '\n';
    bool v4 = false, v6 = false;
    for (const auto& address : route.addresses) {
      bool& taken = address.is_v4() ? v4 : v6;
      if (std::exchange(taken, true)) continue;  // a transport sends from one address of each kind
      master += std::string("  -o smtp_bind_address") + (address.is_v4() ? "" : "6") + '=' + address.to_string() + '\n';
    }
    if (v4 || v6) master += "  -o smtp_bind_address_enforce=yes\n";
    if (route.tls) master += "  -o smtp_tls_security_level=encrypt\n";
  }
  return "# main.cf\n" + main + (master.empty() ? "" : "\n# master.cf\n" + master);
}

}  // namespace mailweir
