// SPDX-License-Identifier: BSD-2-Clause
#include "config/sections.h"

#include "base/port_number.h"
#include "base/text.h"
#include "config/http_token.h"
#include "mail/domain.h"
#include "port/log_setting.h"
#include "port/redis_url.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::optional<SocketName> socket_of(Section& section) {
  const auto text = section.text("socket");
  if (!text) return {};
  auto name = SocketName::parse(text->value);
  if (name) return *name;
  section.wrong("socket", name.error().what);
  return {};
}

void read_mode(Section& section, unsigned& mode) {
  const auto text = section.text("mode");
  if (!text) return;
  unsigned value = 0;
  bool octal = !text->value.empty() && text->value.size() <= 4;
  for (const char c : text->value) {
    octal = octal && c >= '0' && c <= '7';
    value = value * 8 + static_cast<unsigned>(c - '0');
  }
  if (octal) mode = value;
  else section.wrong("mode", "must be an octal mode in quotes, like \"0660\"");
}

void read_door(Section& section, DoorConfig& door) {
  door.socket = socket_of(section);
  if (section.raw().get("socket") == nullptr)
    section.wrong("socket", "is missing: \"unix:/path\" or \"inet:PORT@HOST\"");
  read_mode(section, door.mode);
  if (const auto group = section.text("group")) door.group = group->value;
}

void read_spelling(Section& section, MailboxSpelling& spelling) {
  if (const auto set = section.text("recipient_delimiter")) {
    constexpr std::string_view marks =
        "!#$%&'*+-./=?^_`{|}~";  // the atext of RFC 5322 3.2.3 without letters and digits, and "."
    const auto other = set->value.find_first_not_of(marks);
    if (other == std::string::npos) spelling.delimiters = set->value;
    else
      section.wrong("recipient_delimiter", "\"" + cleaned(std::string_view(set->value).substr(other), true, 20) +
                                               "\" cannot be one: characters like \"+\" or \"+-\", or \"\" for none");
  }
  if (const auto batv = section.boolean("batv")) spelling.batv = *batv;
}

// "localhost", 127.0.0.0/8 or ::1.
bool is_loopback(const std::string& host) {
  const auto address = IpAddress::parse(host);
  return address ? Network::parse("127.0.0.0/8")->contains(*address) || *address == *IpAddress::parse("::1")
                 : host == "localhost";
}

}  // namespace

void read_general(Section section, GeneralConfig& general, Policy& policy, const Document& document) {
  if (const auto name = section.text("hostname"); name && !name->value.empty()) {
    if (is_fully_qualified(name->value) && !name->value.starts_with('['))
      general.hostname = policy.hostname = *to_domain(name->value);
    else section.wrong("hostname", "must be a full host name, like \"mx.example.net\"");
  }
  if (const auto user = section.text("user")) general.user = user->value;
  if (const auto group = section.text("group")) general.group = group->value;
  if (const auto file = section.text("pid_file"); file && !file->value.empty())
    general.pid_file = document.resolve(file->value);
  if (const auto log = section.text("log")) {
    if (const auto known = check_log_setting(log->value)) general.log = log->value;
    else section.wrong("log", known.error().what);
  }
  if (const auto directory = section.text("state_directory")) {
    if (directory->value.empty()) section.wrong("state_directory", "is empty; leave it out for the default");
    else general.state_directory = document.resolve(directory->value);
  }
  if (const auto drain = section.duration("drain", milliseconds(0), std::chrono::minutes(10))) general.drain = *drain;
  if (const auto* memory = section.node("memory"); memory != nullptr && memory->value<std::string>() != "auto")
    if (const auto size = section.size("memory", 16 << 20, std::uint64_t{1} << 40)) general.memory = *size;
  if (section.raw().get("mynetworks") != nullptr)  // understood with the policy, where the lists are
    if (const auto texts = section.texts("mynetworks"))
      for (const auto& text : *texts) general.mynetworks.push_back(text.value);
  if (section.raw().get("our_names") != nullptr)
    if (const auto texts = section.texts("our_names"))
      for (const auto& text : *texts) general.our_names.push_back(text.value);
  read_spelling(section, policy.spelling);
  section.finish();
}

void read_milter(Section section, MilterConfig& milter) {
  read_door(section, milter);
  if (const auto transport = section.choice("transport", {"builtin", "libmilter"}))
    milter.transport = *transport == 0 ? MilterTransport::builtin : MilterTransport::libmilter;
  if (const auto most = section.number("max_connections", 1, 20'000))
    milter.max_connections = static_cast<std::size_t>(*most);
  if (const auto size = section.size("max_header_size", 16 << 10, 64 << 20)) milter.max_header_bytes = *size;
  if (const auto most = section.number("max_recipients", 1, 1'000'000))
    milter.max_recipients = static_cast<std::size_t>(*most);
  if (const auto most = section.number("max_from_addresses", 1, 1000))
    milter.max_from_addresses = static_cast<std::size_t>(*most);
  if (const auto size = section.size("max_from_size", 1 << 10, 1 << 20)) milter.max_from_bytes = *size;
  if (const auto* idle = section.node("idle"); idle != nullptr && idle->value<std::string>() != "auto")
    if (const auto time = section.duration("idle", std::chrono::minutes(5), std::chrono::hours(24)))
      milter.idle = *time;
  section.finish();
}

void read_policy_door(Section section, PolicyDoorConfig& policy) {
  read_door(section, policy);
  if (const auto most = section.number("max_connections", 1, 20'000))
    policy.max_connections = static_cast<std::size_t>(*most);
  if (const auto idle = section.duration("idle", seconds(300), std::chrono::hours(24))) policy.idle = *idle;
  if (const auto stages = section.texts("stages")) {
    for (const auto& text : *stages) {
      if (const auto stage = parse_stage(text.value); stage && *stage != Stage::auth) policy.stages.push_back(*stage);
      else
        section.problems().error(
            text.place, section.full("stages"),
            "\"" + cleaned(text.value, false, 40) + "\" is not one of: connect helo mail rcpt data end-of-message");
    }
    if (stages->empty())
      section.wrong("stages", "is empty; leave out [policy] if the policy door should judge nothing");
  }
  section.finish();
}

void read_admin(Section section, AdminConfig& admin) {
  if (const auto socket = socket_of(section)) {
    if (socket->kind == SocketName::Kind::unix_path) admin.socket = *socket;
    else section.wrong("socket", "must be a unix socket, because every client can reload and read counters");
  }
  read_mode(section, admin.mode);
  section.finish();
}

void read_http(Section section, HttpConfig& http, const Document& document) {
  http.socket = SocketName{SocketName::Kind::inet, {}, "127.0.0.1", 10027};
  if (const auto socket = socket_of(section)) {
    if (socket->kind == SocketName::Kind::inet) http.socket = *socket;
    else section.wrong("socket", "must be inet:PORT@HOST: Dovecot speaks HTTP over TCP only");
  }
  if (const auto token = section.text("token")) {
    http.token = token->value;
    if (const std::string wrong = wrong_http_token(http.token); !wrong.empty()) section.wrong("token", wrong);
  }
  if (const auto file = section.text("token_file")) {
    http.token_file = document.resolve(file->value);
    if (section.raw().get("token") != nullptr)
      section.wrong("token_file", "token is set already; use only one of the two");
  }
  const bool guarded = section.raw().get("token") != nullptr || !http.token_file.empty();
  if (!guarded && !is_loopback(http.socket->host))
    section.wrong(
        "socket",
        "is not on the loopback, so a token or token_file is required: otherwise any client can lock out a login");
  if (const auto most = section.number("max_connections", 1, 20'000))
    http.max_connections = static_cast<std::size_t>(*most);
  section.finish();
}

// A share of a limit: 0.25, 1.
void read_share(Section& section, double& share) {
  const toml::node* const node = section.node("local_share");
  if (node == nullptr) return;
  const auto value = node->value<double>();
  if (value && *value > 0 && *value <= 1) share = *value;
  else section.wrong(*node, "local_share", "must be a number above 0, up to 1: with N nodes, 1/N");
}

void read_counters(Section section, CountersConfig& counters, Policy& policy, const Document& document) {
  bool has_login = false;
  if (const auto store = section.text("store"); store && store->value != "memory") {
    const auto url = RedisUrl::parse(store->value);
    if (url) counters.store = store->value;
    else section.wrong("store", url.error().what);
    has_login = url && !url->password.empty();
  }
  if (const auto user = section.text("user")) counters.user = user->value;
  if (const auto file = section.text("password_file")) {
    counters.password_file = document.resolve(file->value);
    if (counters.store == "memory")
      section.wrong("password_file", "applies only to a Redis store; the store is \"memory\"");
    else if (has_login)
      section.wrong("password_file", "the URL of the store already contains a password; remove it there");
  } else if (!counters.user.empty()) {
    section.wrong("user", "is for password_file, which is missing; a user and password may also be in the URL");
  }
  if (const auto outage = section.choice("on_outage", {"local", "continue", "defer"}))
    counters.on_outage = *outage == 0 ? "local" : *outage == 1 ? "continue" : "defer";
  read_share(section, counters.local_share);
  policy.counters_outage = counters.on_outage == "defer" ? Outage::defer : Outage::go_on;
  if (const auto file = section.text("file")) counters.file = file->value;
  if (const auto prefix = section.text("prefix")) counters.prefix = prefix->value;
  if (const auto most = section.number("max_counters", 1000, 100'000'000))
    counters.max_counters = static_cast<std::size_t>(*most);
  if (const auto deadline = section.duration("deadline", milliseconds(5), seconds(2))) counters.deadline = *deadline;
  policy.counter_deadline = counters.deadline;
  section.finish();
}

void read_redis(Section section, RedisConfig& redis) {
  if (const auto url = section.text("url")) {
    if (url->value.starts_with("redis://") || url->value.starts_with("redis+unix:")) redis.url = url->value;
    else section.wrong("url", "must be redis://HOST:PORT/DB or redis+unix:/PATH");
  }
  if (const auto deadline = section.duration("deadline", milliseconds(5), seconds(2))) redis.deadline = *deadline;
  section.finish();
}

void read_dns(Section section, DnsConfig& dns, Policy& policy, const Document& document) {
  if (const auto servers = section.texts("servers")) {
    for (const auto& server : *servers) {
      std::string_view host = server.value;
      bool good = true;
      if (!IpAddress::parse(host)) {  // "192.0.2.53:5353", "[2001:db8::53]:5353"
        const auto colon = host.rfind(':');
        good = colon != host.npos && to_port(host.substr(colon + 1));
        host = host.substr(0, colon == host.npos ? 0 : colon);
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        good = good && IpAddress::parse(host).has_value();
      }
      if (good) dns.servers.push_back(server.value);
      else
        section.problems().error(server.place, section.full("servers"),
                                 "must be an address, or address:port: \"127.0.0.1:5353\"");
    }
  }
  if (const auto zone = section.text("zone")) {
    dns.zone = zone->value;
    dns.zone_path = document.resolve(zone->value);
  }
  // Sendmail waits 10 s for a callback, and the counters want their share of 8 s.
  if (const auto deadline = section.duration("deadline", milliseconds(50), milliseconds(7000)))
    dns.deadline = *deadline;
  if (const auto entries = section.number("cache_entries", 0, 10'000'000))
    dns.cache_entries = static_cast<std::size_t>(*entries);
  policy.dns_deadline = dns.deadline;
  section.finish();
}

void read_our_names(const toml::table& general, Registry& registry, Policy& policy, Problems& problems) {
  const auto* node = general.get("our_names");
  if (node == nullptr) return;
  Problems told_already;
  const auto texts = Section(general, "general", told_already).texts("our_names");
  if (!texts) return;
  if (texts->size() == 1 && texts->front().value.starts_with("list:")) {
    policy.our_names = registry.table(texts->front().value, texts->front().place, "general.our_names");
    return;
  }
  std::vector<std::pair<std::string, std::string>> entries;
  for (const auto& text : *texts) entries.emplace_back(text.value, "");
  auto made = registry.builders().make_table(entries, TableKind::list);
  for (const auto& error : made.errors) problems.error(place_of(*node), "general.our_names", error);
  policy.our_names = made.object;
}

void read_mynetworks(const toml::table& general, Registry& registry, Policy& policy, Problems& problems) {
  const auto* node = general.get("mynetworks");
  if (node == nullptr) return;
  Problems told_already;
  const auto texts = Section(general, "general", told_already).texts("mynetworks");
  if (!texts) return;
  if (texts->size() == 1 && texts->front().value.starts_with("list:")) {
    policy.mynetworks = registry.table(texts->front().value, texts->front().place, "general.mynetworks");
    if (registry.is_in_redis(texts->front().value))
      problems.error(texts->front().place, "general.mynetworks",
                     "cannot be a list in Redis, because outgoing mail must be recognized while Redis is down");
  } else {
    std::vector<std::pair<std::string, std::string>> entries;
    for (const auto& text : *texts) {
      if (Network::parse(text.value)) entries.emplace_back(text.value, "");
      else
        problems.error(text.place, "general.mynetworks",
                       "\"" + cleaned(text.value, false, 60) + "\" is not an address or a network without host bits");
    }
    auto made = registry.builders().make_table(entries, TableKind::list);
    for (const auto& error : made.errors) problems.error(place_of(*node), "general.mynetworks", error);
    policy.mynetworks = made.object;
  }
  if (!policy.mynetworks) return;
  if (const auto other = registry.add_list("mynetworks", policy.mynetworks, place_of(*node)))
    problems.error(place_of(*node), "general.mynetworks",
                   "a list mynetworks exists at " + other->to_string() +
                       ", too; write mynetworks = \"list:mynetworks\" here, or remove one of them");
}

std::vector<std::string> changed_keys(const Config& before, const Config& after) {
  std::vector<std::string> changed;
  const auto compare = [&](const auto& a, const auto& b, std::string_view key) {
    if (!(a == b)) changed.emplace_back(key);
  };
  compare(before.general.user, after.general.user, "general.user");
  compare(before.general.group, after.general.group, "general.group");
  compare(before.general.pid_file, after.general.pid_file, "general.pid_file");
  compare(before.general.log, after.general.log, "general.log");
  compare(before.general.state_directory, after.general.state_directory, "general.state_directory");
  compare(before.general.drain, after.general.drain, "general.drain");
  compare(before.general.memory, after.general.memory, "general.memory");
  compare(before.milter, after.milter, "milter");
  auto door_before = before.policy, door_after = after.policy;
  door_before.stages = door_after.stages;  // who judges what is part of the policy, and reloads with it
  compare(door_before, door_after, "policy");
  compare(before.admin, after.admin, "admin");
  compare(before.http, after.http, "http");
  compare(before.counters.store, after.counters.store, "counters.store");
  compare(before.counters.user, after.counters.user, "counters.user");
  compare(before.counters.password_file, after.counters.password_file, "counters.password_file");
  compare(before.counters.local_share, after.counters.local_share, "counters.local_share");
  compare(before.counters.file, after.counters.file, "counters.file");
  compare(before.counters.prefix, after.counters.prefix, "counters.prefix");
  compare(before.counters.max_counters, after.counters.max_counters, "counters.max_counters");
  compare(before.counters.on_outage == "local", after.counters.on_outage == "local", "counters.on_outage");
  compare(before.dns.servers, after.dns.servers, "dns.servers");
  compare(before.dns.zone, after.dns.zone, "dns.zone");
  compare(before.dns.cache_entries, after.dns.cache_entries, "dns.cache_entries");
  return changed;
}

}  // namespace mailweir
