// SPDX-License-Identifier: BSD-2-Clause
// The sections of the doors: [milter], [policy], [http], [socketmap], and [admin].
#include "base/text.h"
#include "config/http_token.h"
#include "config/sections.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

template <typename Door>
Keys<Door> door_keys(std::initializer_list<Key<Door>> further) {
  Keys<Door> keys = {
      {"socket", &Door::socket, form::required("\"unix:/path\" or \"inet:PORT@HOST\"", form::socket()), needs_restart},
      {"mode", &Door::mode, form::mode(), needs_restart},
      {"group", &Door::group, form::text(), needs_restart},
  };
  keys.insert(keys.end(), further);
  return keys;
}

template <typename Door>
SectionTraits<Door> door_traits() {
  return {.is_shown = [](const Door& door) { return door.socket.has_value(); }, .restarts_as_one = true};
}

Result<Stage> policy_stage(const std::string& text) {
  if (const auto stage = parse_stage(text); stage && *stage != Stage::auth) return *stage;
  return Error{"\"" + cleaned(text, false, 40) + "\" is not one of: connect helo mail rcpt data end-of-message"};
}

std::string print_stages(const std::vector<Stage>& stages) {
  std::vector<std::string> names;
  for (const Stage stage : stages) names.emplace_back(to_string(stage));
  return names.empty() ? "" : as_toml(names);
}

void read_unix_socket(const KeyPlace& place, SocketName& value) {
  std::optional<SocketName> socket;
  form::socket().read(place, socket);
  if (socket && socket->kind == SocketName::Kind::unix_path) value = *socket;
  else if (socket) place.wrong("must be a unix socket, because every client can reload and read counters");
}

void read_tcp_socket(const KeyPlace& place, std::optional<SocketName>& value) {
  value = SocketName{SocketName::Kind::inet, {}, "127.0.0.1", 10027};
  std::optional<SocketName> socket;
  form::socket().read(place, socket);
  if (socket && socket->kind == SocketName::Kind::inet) value = socket;
  else if (socket) place.wrong("must be inet:PORT@HOST: Dovecot speaks HTTP over TCP only");
}

Result<std::string> token(const std::string& text) {
  if (auto wrong = wrong_http_token(text); !wrong.empty()) return Error{std::move(wrong)};
  return text;
}

void read_token_file(const KeyPlace& place, std::string& path) {
  form::path().read(place, path);
  if (!path.empty() && place.has("token")) place.wrong("token is set already; use only one of the two");
}

// "localhost", 127.0.0.0/8 or ::1.
bool is_loopback(const std::string& host) {
  const auto address = IpAddress::parse(host);
  return address ? Network::parse("127.0.0.0/8")->contains(*address) || *address == *IpAddress::parse("::1")
                 : host == "localhost";
}

void check_http(Section& section, const Makings&, HttpConfig& http) {
  const bool guarded = section.raw().contains("token") || !http.token_file.empty();
  if (!guarded && !is_loopback(http.socket->host))
    section.wrong(
        "socket",
        "is not on the loopback, so a token or token_file is required: otherwise any client can lock out a login");
}

}  // namespace

SectionRow milter_section() {
  const auto keys = door_keys<MilterConfig>({
      {"transport", &MilterConfig::transport,
       form::choice<MilterTransport>(
           {{"builtin", MilterTransport::builtin}, {"libmilter", MilterTransport::libmilter}}),
       needs_restart},
      {"max_connections", &MilterConfig::max_connections, form::number(1, 20'000), needs_restart},
      {"max_header_size", &MilterConfig::max_header_bytes, form::size(16 << 10, 64 << 20), needs_restart},
      {"max_recipients", &MilterConfig::max_recipients, form::number(1, 1'000'000), needs_restart},
      {"max_from_addresses", &MilterConfig::max_from_addresses, form::number(1, 1000), needs_restart},
      {"max_from_size", &MilterConfig::max_from_bytes, form::size(1 << 10, 1 << 20), needs_restart},
      {"idle", &MilterConfig::idle, form::or_auto(form::duration(5min, 24h)), needs_restart},
  });
  return {"milter", keys, &Config::milter, door_traits<MilterConfig>()};
}

SectionRow policy_door_section() {
  const auto stages = form::list(policy_stage, "is empty; leave out [policy] if the policy door should judge nothing");
  const auto keys = door_keys<PolicyDoorConfig>({
      {"stages", &PolicyDoorConfig::stages, form::printed(print_stages, stages), reloads},
      {"max_connections", &PolicyDoorConfig::max_connections, form::number(1, 20'000), needs_restart},
      {"idle", &PolicyDoorConfig::idle, form::duration(5min, 24h), needs_restart},
  });
  return {"policy", keys, &Config::policy, door_traits<PolicyDoorConfig>()};
}

SectionRow admin_section() {
  const Keys<AdminConfig> keys = {
      {"socket", &AdminConfig::socket, {read_unix_socket}, needs_restart},
      {"mode", &AdminConfig::mode, form::mode(), needs_restart},
  };
  return {"admin", keys, &Config::admin, SectionTraits<AdminConfig>{.restarts_as_one = true}};
}

SectionRow socketmap_section() {
  const auto keys = door_keys<SocketmapConfig>({
      {"max_connections", &SocketmapConfig::max_connections, form::number(1, 20'000), needs_restart},
      {"idle", &SocketmapConfig::idle, form::duration(10s, 24h), needs_restart},
  });
  return {"socketmap", keys, &Config::socketmap, door_traits<SocketmapConfig>()};
}

SectionRow http_section() {
  const auto stars = [](const std::string& token) { return token.empty() ? "" : as_toml("********"); };
  const Keys<HttpConfig> keys = {
      {"socket", &HttpConfig::socket, {read_tcp_socket}, needs_restart},
      {"max_connections", &HttpConfig::max_connections, form::number(1, 20'000), needs_restart},
      {"token", &HttpConfig::token, form::printed<std::string>(stars, form::parsed(token)), needs_restart},
      {"token_file", &HttpConfig::token_file, form::if_set<std::string>({read_token_file}), needs_restart},
  };
  auto traits = door_traits<HttpConfig>();
  traits.check = check_http;
  return {"http", keys, &Config::http, traits};
}

}  // namespace mailweir
