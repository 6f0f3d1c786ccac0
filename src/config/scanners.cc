// SPDX-License-Identifier: BSD-2-Clause
// [clamd]: the virus scanner.
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

}  // namespace

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
