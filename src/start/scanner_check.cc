// SPDX-License-Identifier: BSD-2-Clause
#include "start/scanner_check.h"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <sys/stat.h>

#include "adapter/scan/scanner_ping.h"
#include "base/text.h"

namespace mailweir {
namespace {

// A clamd that refuses a stream says so at once.
constexpr std::chrono::milliseconds patience{300};

// Why no scanner can ever listen there; "": one can.
std::string never_a_socket(const SocketName& server) {
  if (server.kind != SocketName::Kind::unix_path) return {};
  struct stat status {};
  if (::stat(server.path.c_str(), &status) == 0) return S_ISSOCK(status.st_mode) ? "" : "is not a socket";
  return errno == ENOTDIR ? "is below a name that is not a directory" : "";
}

class Look {
 public:
  Look(const Config& config, std::chrono::milliseconds deadline) : config_(config), deadline_(deadline) {}

  // `meanwhile`: what happens to mail while it does not answer. Whether it answers.
  bool at(ScannerKind kind, std::string_view key, const SocketName& server, std::string_view meanwhile) {
    const std::string place = config_.places.named(key) + ": ";
    if (const auto never = never_a_socket(server); !never.empty()) {
      found.errors.push_back(place + server.to_string() + ' ' + never);
      return false;
    }
    const auto pong = ping_scanner(kind, server, Deadline::in(deadline_));
    if (pong) return true;
    found.warnings.push_back(place + cleaned(pong.error().what, false, 300) + "; " + std::string(meanwhile));
    return false;
  }

  void at_clamd(const SocketName& server) {
    const ClamdConfig& clamd = config_.clamd;
    const bool alone = clamd.sockets.size() == 1;
    const std::string_view meanwhile = !alone                       ? "until it does, another one is asked"
                                       : clamd.on_outage == "defer" ? "until it does, mail is deferred"
                                                                    : "until it does, mail is not scanned";
    if (!at(ScannerKind::clamd, "clamd.sockets", server, meanwhile)) return;
    if (const auto version = version_of_clamd(server, Deadline::in(deadline_)))
      found.notes.push_back(config_.places.named("clamd.sockets") + ": " + server.to_string() + " is " +
                            cleaned(*version, false, 120));
    const auto takes = clamd_takes(server, clamd.max_scan, Deadline::in(std::min(deadline_, patience)));
    if (takes && !*takes)
      found.warnings.push_back(config_.places.named("clamd.max_scan") + ": is more than StreamMaxLength of " +
                               server.to_string() +
                               "; larger messages are unscanned, and are sent to clamd in vain: set it to the smaller "
                               "of StreamMaxLength and MaxFileSize in clamd.conf");
  }

  ScannersFound found;

 private:
  const Config& config_;
  const std::chrono::milliseconds deadline_;
};

}  // namespace

ScannersFound look_at_scanners(const Config& config, std::chrono::milliseconds deadline) {
  Look look(config, deadline);
  for (const SocketName& server : config.clamd.sockets) look.at_clamd(server);
  const auto meanwhile = [](const SpamScannerConfig& spam) {
    return spam.on_outage == "defer" ? "until it does, mail is deferred" : "until it does, mail is not scanned";
  };
  if (const auto& rspamd = config.rspamd; rspamd.socket)
    look.at(ScannerKind::rspamd, "rspamd.url", *rspamd.socket, meanwhile(rspamd));
  if (const auto& spamd = config.spamd; spamd.socket)
    look.at(ScannerKind::spamd, "spamd.socket", *spamd.socket, meanwhile(spamd));
  return std::move(look.found);
}

}  // namespace mailweir
