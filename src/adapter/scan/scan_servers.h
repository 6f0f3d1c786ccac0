// SPDX-License-Identifier: BSD-2-Clause
// ScanServers: the servers of a scanner, and which of them are left alone for a while because they did not answer.
// The scanners' thread's alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/socket.h"

namespace mailweir {

class ScanServers {
 public:
  static constexpr std::chrono::seconds left_alone{10};

  ScanServers(std::string scanner, std::vector<SocketName> names, Log& log);

  const SocketName& name(std::size_t server) const { return servers_[server].name; }
  std::size_t count() const { return servers_.size(); }
  // In which order one message tries them: as they are configured, those that are left alone last.
  std::vector<std::size_t> round(SteadyTime now) const;
  // It did not answer; of the first time there is a line.
  void failed(std::size_t server, std::string_view why, SteadyTime now);
  void answered(std::size_t server);

 private:
  struct Server {
    SocketName name;
    SteadyTime alone_until{};
    bool down = false;
  };

  const std::string scanner_;
  std::vector<Server> servers_;
  Log& log_;
};

}  // namespace mailweir
