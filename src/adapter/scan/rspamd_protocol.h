// SPDX-License-Identifier: BSD-2-Clause
// rspamd's protocol: POST /checkv2 over HTTP/1.1 (rspamd.com/doc/architecture/protocol.html). The message goes in
// chunks, as its length is not known before its end; what is known beside it goes in header fields. The connection is
// for one message.
//
// Of the answer score and action count: rspamd scales and limits what it adds up of the symbols. An answer without them
// is trouble. is_skipped does not matter: rspamd says so of GTUBE too, with the action reject.
#pragma once

#include "adapter/scan/scan_protocol.h"

namespace mailweir {

class RspamdProtocol final : public ScanProtocol {
 public:
  // `host`: for the Host field (RFC 9112 3.2), as the policy file names the server.
  RspamdProtocol(const ScanEnvelope& envelope, std::string_view host);

  std::string opening() const override { return head_; }
  void wrap(std::string_view bytes, std::string& out) const override;
  std::string closing() const override { return "0\r\n\r\n"; }
  std::size_t longest_answer() const override { return 256 << 10; }
  std::optional<ScanAnswer> read(std::string_view bytes, bool closed) const override;

  // More recipients than that are not told.
  static constexpr std::size_t most_recipients = 1000;

 private:
  std::string head_;
};

}  // namespace mailweir
