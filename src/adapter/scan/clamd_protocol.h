// SPDX-License-Identifier: BSD-2-Clause
// clamd's protocol (clamd(8), COMMANDS): the command INSTREAM with 'z' before it, so that the answer ends with a NUL
// byte; chunks behind their length in four octets, network order; an empty chunk is the end. The connection is for one
// message.
//
// clamd says OK of a stream over its MaxFileSize, of which it looked at nothing: its AlertExceedsMax or our max_scan
// tell. Heuristics.Limits.*, which the former brings, is unscanned and no virus.
#pragma once

#include "adapter/scan/scan_protocol.h"

namespace mailweir {

class ClamdProtocol final : public ScanProtocol {
 public:
  std::string opening() const override;
  void wrap(std::string_view bytes, std::string& out) const override;
  std::string closing() const override;
  std::size_t longest_answer() const override { return 4096; }
  std::optional<ScanAnswer> read(std::string_view bytes, bool closed) const override;
};

}  // namespace mailweir
