// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/scan_servers.h"

#include <utility>

namespace mailweir {

ScanServers::ScanServers(std::string scanner, std::vector<SocketName> names, Log& log)
    : scanner_(std::move(scanner)), log_(log) {
  for (auto& name : names) servers_.push_back({std::move(name), {}, false});
}

std::vector<std::size_t> ScanServers::round(SteadyTime now) const {
  std::vector<std::size_t> order;
  for (const bool alone : {false, true})
    for (std::size_t i = 0; i < servers_.size(); ++i)
      if ((servers_[i].alone_until > now) == alone) order.push_back(i);
  return order;
}

void ScanServers::failed(std::size_t server, std::string_view why, SteadyTime now) {
  Server& of = servers_[server];
  of.alone_until = now + left_alone;
  if (std::exchange(of.down, true)) return;
  Event("scanner-down")
      .with("scanner", scanner_)
      .with("server", of.name.to_string())
      .with("reason", why)
      .to(log_, Severity::warning);
}

void ScanServers::answered(std::size_t server) {
  Server& of = servers_[server];
  of.alone_until = {};
  if (!std::exchange(of.down, false)) return;
  Event("scanner-up").with("scanner", scanner_).with("server", of.name.to_string()).to(log_, Severity::notice);
}

}  // namespace mailweir
