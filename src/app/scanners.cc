// SPDX-License-Identifier: BSD-2-Clause
#include "app/scanners.h"

#include "adapter/scan/clamd_protocol.h"
#include "adapter/scan/make_scanner.h"

namespace mailweir {

Scanners::Scanners(const Config& config, Log& log) {
  if (const ClamdConfig& clamd = config.clamd; !clamd.sockets.empty())
    clamd_ = make_scanner(
        {"clamd", clamd.sockets, clamd.max_scan, clamd.deadline},
        [](const ScanEnvelope&) { return std::make_unique<ClamdProtocol>(); }, loop_, room_, log);
}

std::vector<const ScanStats*> Scanners::stats() const {
  std::vector<const ScanStats*> all;
  if (clamd_) all.push_back(&clamd_->stats());
  return all;
}

}  // namespace mailweir
