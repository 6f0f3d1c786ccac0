// SPDX-License-Identifier: BSD-2-Clause
// [clamd]: the virus scanner. [rspamd], [spamd]: the spam scanner.
#include "base/text.h"
#include "config/sections.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

// No name server is waited for while mail is.
Result<SocketName> scanner_socket(const std::string& text) {
  auto name = SocketName::parse(text);
  if (!name) return name.error();
  if (name->kind == SocketName::Kind::inet && name->host != "localhost" && !IpAddress::parse(name->host))
    return Error{"\"" + text + "\": the host must be an IP address"};
  return *name;
}

std::string print_sockets(const std::vector<SocketName>& sockets) {
  std::vector<std::string> texts;
  for (const auto& socket : sockets) texts.push_back(socket.to_string());
  return as_toml(texts);
}

void read_max_scan(const KeyPlace& place, std::uint64_t& most) {
  if (!place.has(place.key))
    return place.wrong(
        "is missing: the smaller of StreamMaxLength and MaxFileSize in clamd.conf, \"25MiB\" say. clamd "
        "answers OK for a message that is larger than its MaxFileSize, without looking at it");
  form::size(64 << 10, std::uint64_t{4} << 30).read(place, most);
}

Result<SocketName> rspamd_server(const std::string& text) {
  constexpr std::string_view scheme = "http://";
  if (starts_folded(text, "https://"))
    return Error{
        "https:// is not possible; put a TLS tunnel (stunnel, ghostunnel) before rspamd, and name its end here"};
  if (text.starts_with("unix:")) return scanner_socket(text);
  if (!starts_folded(text, scheme))
    return Error{"must be \"http://ADDRESS:PORT\" or \"unix:/path\", such as \"http://127.0.0.1:11333\""};
  std::string_view host = std::string_view(text).substr(scheme.size());
  if (host.ends_with('/')) host.remove_suffix(1);
  if (host.find_first_of("/?#@") != host.npos)
    return Error{"has more than address and port, such as \"http://127.0.0.1:11333\""};
  const bool has_port = host.find(':', host.starts_with('[') ? std::min(host.find(']'), host.size()) : 0) != host.npos;
  return scanner_socket("inet:" + std::string(host) + (has_port ? "" : ":11333"));
}

void read_url(const KeyPlace& place, SpamScannerConfig& rspamd) {
  const auto url = place.text();
  if (!url) return;
  auto server = rspamd_server(url->value);
  if (!server) return place.wrong(server.error().what);
  rspamd.socket = *std::move(server);
  rspamd.url = url->value;
}

void read_spamd_socket(const KeyPlace& place, std::optional<SocketName>& socket) {
  SocketName name;
  form::parsed(scanner_socket).read(place, name);
  if (place.has(place.key)) socket = std::move(name);
}

SectionRow spam_section(std::string_view name, Key<SpamScannerConfig> where, SpamScannerConfig Config::*config) {
  using Spam = SpamScannerConfig;
  const Keys<Spam> keys = {
      std::move(where),
      {"max_scan", &Spam::max_scan, form::size(64 << 10, std::uint64_t{4} << 30), needs_restart},
      {"deadline", &Spam::deadline, form::duration(1s, 10min), needs_restart},
      {"on_outage", &Spam::on_outage, form::choice<std::string>({{"continue", "continue"}, {"defer", "defer"}}),
       reloads},
  };
  return {name, keys, config,
          SectionTraits<Spam>{.is_shown = [](const Spam& spam) { return spam.socket.has_value(); }}};
}

}  // namespace

SectionRow rspamd_section() {
  const auto url =
      form::required("where rspamd's normal worker listens, such as \"http://127.0.0.1:11333\"",
                     Form<SpamScannerConfig>{read_url, [](const auto& rspamd) { return as_toml(rspamd.url); }});
  return spam_section(
      "rspamd", {"url", std::identity{}, url, NeedsRestart{[](const SpamScannerConfig& one) { return one.socket; }}},
      &Config::rspamd);
}

SectionRow spamd_section() {
  const auto socket = form::required("\"inet:PORT@ADDRESS\" or \"unix:/path\", such as \"inet:783@127.0.0.1\"",
                                     Form<std::optional<SocketName>>{read_spamd_socket});
  return spam_section("spamd", {"socket", &SpamScannerConfig::socket, socket, needs_restart}, &Config::spamd);
}

SectionRow clamd_section() {
  const auto sockets = form::required("[\"unix:/path\"] or [\"inet:PORT@ADDRESS\"], one or more",
                                      form::list(scanner_socket, "is empty: name at least one socket"));
  const auto size = form::size(64 << 10, std::uint64_t{4} << 30);
  const Keys<ClamdConfig> keys = {
      {"sockets", &ClamdConfig::sockets, form::printed(print_sockets, sockets), needs_restart},
      {"max_scan", &ClamdConfig::max_scan, {read_max_scan, size.print, size.range}, needs_restart},
      {"deadline", &ClamdConfig::deadline, form::duration(1s, 10min), needs_restart},
      {"on_outage", &ClamdConfig::on_outage, form::choice<std::string>({{"defer", "defer"}, {"continue", "continue"}}),
       reloads},
  };
  return {"clamd", keys, &Config::clamd,
          SectionTraits<ClamdConfig>{.is_shown = [](const ClamdConfig& clamd) { return !clamd.sockets.empty(); }}};
}

}  // namespace mailweir
