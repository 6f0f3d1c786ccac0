// SPDX-License-Identifier: BSD-2-Clause
#include "start/scanners.h"

#include "adapter/scan/clamd_protocol.h"
#include "adapter/scan/make_scanner.h"
#include "adapter/scan/rspamd_protocol.h"
#include "adapter/scan/spamd_protocol.h"

namespace mailweir {

Scanners::Scanners(const Config& config, Log& log, const Clock& clock) : loop_(clock) {
  if (const ClamdConfig& clamd = config.clamd; !clamd.sockets.empty())
    clamd_ = make_scanner(
        {"clamd", clamd.sockets, clamd.max_scan, clamd.deadline},
        [](const ScanEnvelope&) { return std::make_unique<ClamdProtocol>(); }, loop_, room_, log);
  const auto make_spam = [&](std::string name, const SpamScannerConfig& spam, ScanProtocolMaker protocol) {
    spam_ = make_scanner({std::move(name), {*spam.socket}, spam.max_scan, spam.deadline}, std::move(protocol), loop_,
                         room_, log);
  };
  if (config.rspamd.socket) {
    const SocketName& server = *config.rspamd.socket;
    const bool v6 = server.host.find(':') != server.host.npos;
    const std::string host = server.kind == SocketName::Kind::unix_path ? "localhost"
                             : v6                                       ? '[' + server.host + ']'
                                                                        : server.host;
    make_spam("rspamd", config.rspamd,
              [host](const ScanEnvelope& envelope) { return std::make_unique<RspamdProtocol>(envelope, host); });
  }
  if (config.spamd.socket)
    make_spam("spamd", config.spamd, [](const ScanEnvelope&) { return std::make_unique<SpamdProtocol>(); });
}

std::vector<const ScanStats*> Scanners::stats() const {
  std::vector<const ScanStats*> all;
  if (clamd_) all.push_back(&clamd_->stats());
  if (spam_) all.push_back(&spam_->stats());
  return all;
}

}  // namespace mailweir
