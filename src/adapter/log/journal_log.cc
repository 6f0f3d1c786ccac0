// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/log/journal_log.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

namespace mailweir {
namespace {

constexpr const char* journal_socket = "/run/systemd/journal/socket";  // systemd-journald.service(8)

iovec field(const std::string& text) { return {const_cast<char*>(text.data()), text.size()}; }

class JournalLog final : public Log {
 public:
  explicit JournalLog(std::string_view identity)
      : identity_("SYSLOG_IDENTIFIER=" + std::string(identity)),
        facility_("SYSLOG_FACILITY=" + std::to_string(LOG_FAC(LOG_MAIL))) {}

  void write(Severity severity, std::string_view line) override {
    std::string message = "MESSAGE=";
    message += line;
    const std::string priority = "PRIORITY=" + std::to_string(static_cast<int>(severity));
    const std::array<iovec, 4> fields = {field(message), field(priority), field(identity_), field(facility_)};
    if (sd_journal_sendv(fields.data(), static_cast<int>(fields.size())) < 0) ++dropped_;
  }
  std::uint64_t dropped() const override { return dropped_; }

 private:
  const std::string identity_, facility_;
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace

// The library itself would drop every line without a word.
Result<void> find_journal() {
  if (::access(journal_socket, W_OK) != 0)
    return Error{std::string("log journal: ") + journal_socket + ": " + std::strerror(errno) +
                 "; without systemd write \"syslog\", \"stderr\" or \"file:/PATH\""};
  return {};
}

Result<std::unique_ptr<Log>> make_journal_log(std::string_view identity) {
  if (const auto found = find_journal(); !found) return found.error();
  return std::unique_ptr<Log>(std::make_unique<JournalLog>(identity));
}

}  // namespace mailweir
