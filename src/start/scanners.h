// SPDX-License-Identifier: BSD-2-Clause
// Scanners: those that the configuration names, the thread that speaks to them, and the room for what they have not
// taken yet.
#pragma once

#include <memory>
#include <vector>

#include "adapter/scan/held_bytes.h"
#include "adapter/scan/scan_loop.h"
#include "base/log.h"
#include "config/config.h"
#include "port/scanner.h"

namespace mailweir {

class Scanners {
 public:
  // The log and the clock outlive it.
  Scanners(const Config& config, Log& log, const Clock& clock);

  Scanner* virus() const { return clamd_.get(); }  // null: there is none
  Scanner* spam() const { return spam_.get(); }    // likewise
  const HeldRoom& room() const { return room_; }
  std::vector<const ScanStats*> stats() const;

 private:
  HeldRoom room_;
  std::unique_ptr<Scanner> clamd_, spam_;  // their scans are over
  ScanLoop loop_;                          // first to go: it may still be at what was broken off
};

}  // namespace mailweir
