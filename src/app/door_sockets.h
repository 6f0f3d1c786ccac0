// SPDX-License-Identifier: BSD-2-Clause
// DoorSockets: what the mail server connects to. They are made before privileges are dropped, with the directories that
// they stand in, and those with a path are removed at the end.
#pragma once

#include <string>
#include <vector>

#include "base/handle.h"
#include "base/result.h"
#include "base/socket.h"
#include "config/config.h"

namespace mailweir {

class DoorSockets {
 public:
  DoorSockets() = default;
  ~DoorSockets() { remove(); }  // those of a start that failed
  DoorSockets(const DoorSockets&) = delete;
  DoorSockets& operator=(const DoorSockets&) = delete;

  // Makes the directories of sockets and state that are ours to make.
  static Result<void> provide_directories(const Config& config);
  Result<void> open(const Config& config);
  void remove();

  Fd policy, socketmap, http, milter;  // they listen; the milter's only for the transport of our own

 private:
  Result<void> open(const DoorConfig& door, std::size_t connections, const Config& config, const std::string& section,
                    Fd& socket);
  void note(const SocketName& socket);

  std::vector<std::string> paths_;
};

}  // namespace mailweir
