// SPDX-License-Identifier: BSD-2-Clause
// SpamAssassin's protocol, SPAMC/1.5 (spamd/PROTOCOL in its source): the command SYMBOLS without a Content-length, as
// the length is not known before the end; spamd then reads until our side of the connection is shut down.
//
// spamd advises nothing, it compares: a score that reaches its required_score is the action "add header", as that is
// the score from which SpamAssassin marks mail; else "no action". The scores are compared here: True, Yes and False are
// written in several ways.
#pragma once

#include "adapter/scan/scan_protocol.h"

namespace mailweir {

class SpamdProtocol final : public ScanProtocol {
 public:
  std::string opening() const override { return "SYMBOLS SPAMC/1.5\r\n\r\n"; }
  void wrap(std::string_view bytes, std::string& out) const override { out += bytes; }
  std::string closing() const override { return {}; }
  bool half_closes() const override { return true; }
  std::size_t longest_answer() const override { return 64 << 10; }
  std::optional<ScanAnswer> read(std::string_view bytes, bool closed) const override;
};

}  // namespace mailweir
