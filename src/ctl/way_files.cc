// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/way_files.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/ip.h"
#include "ctl/postfix_tables.h"
#include "ctl/route_lines.h"

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

// The tables that an earlier run of ours has not put there, behind those of now.
std::string joined(std::vector<std::string> ours, std::string_view before, const std::string& table) {
  for (auto& one : tables_in(before)) {
    const bool is_ours = one.find("route\\.invalid") != one.npos || one.find("^X-Mailweir-Route: ") != one.npos ||
                         (!table.empty() && one.starts_with(table));
    if (!is_ours) ours.push_back(std::move(one));
  }
  std::string all;
  for (const auto& one : ours)
    if (!one.empty()) all += (all.empty() ? "" : ", ") + one;
  return all;
}

class PostfixLines {
 public:
  PostfixLines(const WayMaps& maps, const std::string& table, const std::vector<NamedRoute>& routes,
               const PostfixBefore& before)
      : maps_(maps), ways_(maps.ways()), table_(table), routes_(routes), before_(before) {}

  std::string run() {
    next_hops();
    relays_in();
    tls();
    logins();
    for (const auto& route : ways_.routes)
      if (!route.senders.empty())
        for (const auto& transport : route.postfix) service(route, 0, RouteTransport(transport).name, "");
    for (const auto& route : routes_)
      for (std::size_t i = 0; i < route.postfix.size(); ++i) {
        const auto name = RouteTransport(route.postfix[i]).name;
        service(route, i, name, route.kind == RouteKind::rewrite ? generic(name) : "");
      }
    return "# main.cf\n" + main_ + (master_.empty() ? "" : "\n# master.cf\n" + master_);
  }

 private:
  void line(std::string_view name, const std::string& value) { main_ += std::string(name) + " = " + value + '\n'; }

  void next_hops() {
    if (any(maps_, WayMap::transport)) line("sender_dependent_default_transport_maps", table_ + "transport");
    if (any(maps_, WayMap::relay)) line("sender_dependent_relayhost_maps", table_ + "relay");
    const auto pseudo = transport_table(routes_);
    const auto by_recipient = any(maps_, WayMap::relay_recipient) ? table_ + "relay_recipient" : std::string();
    if (!pseudo.empty()) main_ += "# these pseudo domains go to their routes only, whatever else there is\n";
    if (!pseudo.empty() || !by_recipient.empty())
      line("transport_maps", joined({pseudo, by_recipient}, before_.transport_maps, table_));
    if (const auto checks = header_check_table(routes_); !checks.empty())
      line("milter_header_checks", joined({checks}, before_.milter_header_checks, table_));
    for (const auto& relay : ways_.relays)
      if (relay.senders.has_all() && !relay.is_direct()) {
        main_ += "# for bounces, which have no sender to look up\n";
        line("relayhost", relay.host);
        break;
      }
  }

  // Postfix takes subdomains of a relay domain for one, too, if it may.
  void relays_in() {
    if (!any(maps_, WayMap::relay_domain)) return;
    line("relay_domains", table_ + "relay_domain");
    line("parent_domain_matches_subdomains",
         "debug_peer_list, fast_flush_domains, mynetworks, qmqpd_authorized_clients, smtpd_access_maps");
    main_ += "# before what permits: recipients that do not exist are refused here, so that none is bounced later\n";
    line("smtpd_recipient_restrictions", "check_recipient_access " + table_ + "accept");
    line("unverified_recipient_reject_code", "550");
  }

  void tls() {
    if (!any(maps_, WayMap::tls)) return;
    line("smtp_tls_security_level", "may");
    line("smtp_tls_policy_maps", table_ + "tls");
    if (ways_.on_failure == TlsFailure::bounce) {
      main_ += "# mail that cannot be sent with the TLS that is wanted is returned at once\n";
      line("smtp_delivery_status_filter", "regexp:{{/^4(\\.7\\.[45] .*)/ 5$$1}}");
    } else {
      main_ += "# the sender hears early of mail that waits, for TLS too\n";
      line("delay_warning_time", "1h");
    }
  }

  void logins() {
    if (!any(maps_, WayMap::login)) return;
    line("smtp_sasl_auth_enable", "yes");
    line("smtp_sasl_password_maps", table_ + "login");
    line("smtp_sasl_security_options", "noanonymous, noplaintext");
    line("smtp_sasl_tls_security_options", "noanonymous");
    const auto by_sender = [&](const RelayHop& relay) { return maps_.logs_in_by_sender(relay); };
    if (std::ranges::any_of(ways_.relays, by_sender)) line("smtp_sender_dependent_authentication", "yes");
  }

  // Of all routes and gateways that share a transport. What a -o sets hides main.cf's own.
  std::string generic(std::string_view transport) const {
    std::vector<std::string> tables;
    for (const auto& route : routes_)
      for (std::size_t i = 0; i < route.postfix.size(); ++i)
        if (route.kind == RouteKind::rewrite && RouteTransport(route.postfix[i]).name == transport)
          tables.push_back(generic_table(route, i));
    if (!table_.empty()) tables.push_back(table_ + "generic");
    return joined(std::move(tables), before_.smtp_generic_maps, table_);
  }

  void service(const NamedRoute& route, std::size_t gateway, std::string_view transport, const std::string& generic) {
    const std::string name(transport);
    if (master_.find("\n" + name + " unix") != master_.npos || master_.starts_with(name + " unix")) return;
    master_ += name + " unix - - n - - smtp\n  -o syslog_name=postfix/" + name + '\n';
    bool v4 = false, v6 = false;
    const bool paired = route.postfix.size() > 1 && route.addresses.size() == route.postfix.size();
    for (std::size_t i = 0; i < route.addresses.size(); ++i) {
      const auto& address = route.addresses[i];
      bool& taken = address.is_v4() ? v4 : v6;
      if (paired && i != gateway) continue;
      if (std::exchange(taken, true)) continue;  // a transport sends from one address of each kind
      master_ +=
          std::string("  -o smtp_bind_address") + (address.is_v4() ? "" : "6") + '=' + address.to_string() + '\n';
    }
    if (v4 || v6) master_ += "  -o smtp_bind_address_enforce=yes\n";
    if (route.tls) master_ += "  -o smtp_tls_security_level=encrypt\n";
    if (!generic.empty()) master_ += "  -o { smtp_generic_maps = " + generic + " }\n";
  }

  const WayMaps& maps_;
  const WaysOut& ways_;
  const std::string& table_;
  const std::vector<NamedRoute>& routes_;
  const PostfixBefore& before_;
  std::string main_, master_;
};

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

std::string postfix_lines(const WayMaps& maps, const std::string& table, const std::vector<NamedRoute>& routes,
                          const PostfixBefore& before) {
  return PostfixLines(maps, table, routes, before).run();
}

}  // namespace mailweir
