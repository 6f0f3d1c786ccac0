// SPDX-License-Identifier: BSD-2-Clause
// make_scanner: a Scanner that speaks a protocol to one of several servers.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "adapter/scan/scan_protocol.h"
#include "base/log.h"
#include "base/socket.h"
#include "port/scanner.h"

namespace mailweir {

class ScanLoop;
struct HeldRoom;

struct ScannerSettings {
  std::string name;                 // of the section in the policy file, in log lines: "clamd"
  std::vector<SocketName> servers;  // the next one when one does not answer
  std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();  // bytes; a larger message is unscanned
  std::chrono::milliseconds deadline{60'000};  // from the end of the message to the answer; while a message comes in,
                                               // how long the server may take none of its bytes
};

// The loop, whose thread does the work, the room for messages that a scanner has not taken yet, which all scanners
// share, and the log outlive it.
std::unique_ptr<Scanner> make_scanner(ScannerSettings settings, ScanProtocolMaker protocol, ScanLoop& loop,
                                      HeldRoom& room, Log& log);

}  // namespace mailweir
