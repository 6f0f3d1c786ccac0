// SPDX-License-Identifier: BSD-2-Clause
// The sections that name servers: [counters], [redis] and [dns].
#include <sstream>

#include "base/port_number.h"
#include "base/text.h"
#include "config/sections.h"
#include "port/redis_url.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

// "redis://user:secret@host" -> "redis://user:***@host", "redis+unix:/path?password=secret" -> "...password=***".
std::string without_password(const std::string& url) {
  constexpr std::string_view key = "password=";
  if (const auto found = url.find(key); found != url.npos) {
    const auto end = url.find('&', found);
    return url.substr(0, found + key.size()) + "***" + (end == url.npos ? "" : url.substr(end));
  }
  const auto at = url.rfind('@');
  const auto start = url.find("://");
  if (at == url.npos || start == url.npos || at < start) return url;
  const auto colon = url.find(':', start + 3);
  return colon == url.npos || colon > at ? url : url.substr(0, colon + 1) + "***" + url.substr(at);
}
std::string print_url(const std::string& url) { return url.empty() ? "" : as_toml(without_password(url)); }

Result<std::string> store(const std::string& text) {
  if (text == "memory") return text;
  if (const auto url = RedisUrl::parse(text); !url) return url.error();
  return text;
}

Result<std::string> tables_url(const std::string& text) {
  // Lists take the first two only, and say so; signing keys take all.
  for (const std::string_view start : {"redis://", "redis+unix:", "rediss://", "redis+sentinel://", "redis+cluster://"})
    if (text.starts_with(start)) return text;
  return Error{"must be redis://HOST:PORT/DB or redis+unix:/PATH"};
}

// A share of a limit: 0.25, 1.
void read_share(const KeyPlace& place, double& share) {
  const toml::node* const node = place.section.node(place.key);
  if (node == nullptr) return;
  const auto value = node->value<double>();
  if (value && *value > 0 && *value <= 1) share = *value;
  else place.wrong("must be a number above 0, up to 1: with N nodes, 1/N");
}

std::string print_share(const double& share) {
  std::ostringstream out;
  out << share;
  return out.str();
}

void check_counters(Section& section, const Makings&, CountersConfig& counters) {
  if (section.raw()["password_file"].is_string()) {
    if (counters.store == "memory")
      section.wrong("password_file", "applies only to a Redis store; the store is \"memory\"");
    else if (!RedisUrl::parse(counters.store)->password.empty())
      section.wrong("password_file", "the URL of the store already contains a password; remove it there");
  } else if (!counters.user.empty()) {
    section.wrong("user", "is for password_file, which is missing; a user and password may also be in the URL");
  }
}

Result<std::string> name_server(const std::string& text) {
  std::string_view host = text;
  if (!IpAddress::parse(host)) {  // "192.0.2.53:5353", "[2001:db8::53]:5353"
    const auto colon = std::min(host.rfind(':'), host.size());
    const bool has_port = colon < host.size() && to_port(host.substr(colon + 1));
    host = host.substr(0, has_port ? colon : 0);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  }
  if (IpAddress::parse(host)) return text;
  return Error{"must be an address, or address:port: \"127.0.0.1:5353\""};
}

void find_zone(Section&, const Makings& makings, DnsConfig& dns) {
  if (!dns.zone.empty()) dns.zone_path = makings.document.resolve(dns.zone);
}

}  // namespace

SectionRow counters_section() {
  const auto away_from_local = NeedsRestart{[](const std::string& outage) { return outage == "local"; }};
  const Keys<CountersConfig> keys = {
      {"store", &CountersConfig::store, form::printed(print_url, form::parsed(store)), needs_restart},
      {"on_outage", &CountersConfig::on_outage,
       form::choice<std::string>({{"local", "local"}, {"continue", "continue"}, {"defer", "defer"}}), away_from_local},
      {"local_share", &CountersConfig::local_share, {read_share, print_share}, needs_restart},
      {"file", &CountersConfig::file, form::text(), needs_restart},
      {"prefix", &CountersConfig::prefix, form::text(), needs_restart},
      {"max_counters", &CountersConfig::max_counters, form::number(1000, 100'000'000), needs_restart},
      {"deadline", &CountersConfig::deadline, form::duration(5ms, 2s), reloads},
      {"user", &CountersConfig::user, form::if_set(form::text()), needs_restart},
      {"password_file", &CountersConfig::password_file, form::if_set(form::path()), needs_restart},
  };
  return {"counters", keys, &Config::counters, SectionTraits<CountersConfig>{.check = check_counters}};
}

SectionRow redis_section() {
  const Keys<RedisConfig> keys = {
      {"url", &RedisConfig::url, form::printed(print_url, form::parsed(tables_url)), reloads},
      {"deadline", &RedisConfig::deadline, form::duration(5ms, 2s), reloads},
  };
  return {"redis", keys, &Config::redis};
}

SectionRow dns_section() {
  const Keys<DnsConfig> keys = {
      {"servers", &DnsConfig::servers, form::list(name_server), needs_restart},
      // Sendmail waits 10 s for a callback, and the counters want their share of 8 s.
      {"deadline", &DnsConfig::deadline, form::duration(50ms, 7s), reloads},
      {"cache_entries", &DnsConfig::cache_entries, form::number(0, 10'000'000), needs_restart},
      {"zone", &DnsConfig::zone, form::if_set(form::text()), needs_restart},
  };
  return {"dns", keys, &Config::dns, SectionTraits<DnsConfig>{.check = find_zone}};
}

}  // namespace mailweir
