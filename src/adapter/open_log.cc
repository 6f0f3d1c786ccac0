// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/open_log.h"

#include <string>

#include "adapter/file_log.h"
#include "adapter/journal_log.h"
#include "adapter/syslog_log.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::string_view file_prefix = "file:", syslog_prefix = "syslog:";

std::string_view facility_in(std::string_view where) {
  return where == "syslog" ? "mail" : where.substr(syslog_prefix.size());
}

}  // namespace

Result<void> check_log_setting(std::string_view where) {
  const auto name = "log \"" + cleaned(where, false, 80) + "\": ";
  if (where == "journal" || where == "syslog" || where == "stderr") return {};
  if (where.starts_with(syslog_prefix)) {
    if (syslog_facility(facility_in(where))) return {};
    return Error{name + "no such facility; there are mail, daemon, user, auth and local0 to local7"};
  }
  if (where.starts_with(file_prefix)) {
    const auto path = where.substr(file_prefix.size());
    if (path.starts_with('/') && !path.ends_with('/') && path.find('\0') == path.npos) return {};
    return Error{name + "a log file is named with its whole path, \"file:/var/log/mailweir.log\""};
  }
  return Error{name + "write \"journal\", \"syslog\", \"syslog:FACILITY\", \"stderr\" or \"file:/PATH\""};
}

Result<std::unique_ptr<Log>> open_log(std::string_view where, std::string_view identity) {
  static const SystemClock clock;
  if (const auto checked = check_log_setting(where); !checked) return checked.error();
  if (where == "journal") return make_journal_log(identity);
  if (where == "stderr") return make_stderr_log();
  if (where.starts_with(file_prefix)) return make_file_log({std::string(where.substr(file_prefix.size()))}, clock);
  return make_syslog_log(identity, *syslog_facility(facility_in(where)));
}

}  // namespace mailweir
