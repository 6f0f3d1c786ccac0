// SPDX-License-Identifier: BSD-2-Clause
#include "port/log_setting.h"

#include <algorithm>

namespace mailweir {
namespace {

constexpr std::string_view file_prefix = "file:", syslog_prefix = "syslog:";

}  // namespace

std::string_view log_facility_in(std::string_view where) {
  return where.starts_with(syslog_prefix) ? where.substr(syslog_prefix.size()) : "mail";
}

Result<void> check_log_setting(std::string_view where) {
  if (where == "journal" || where == "syslog" || where == "stderr") return {};
  if (where.starts_with(syslog_prefix)) {
    if (std::find(log_facilities.begin(), log_facilities.end(), log_facility_in(where)) != log_facilities.end())
      return {};
    return Error{"unknown facility; write mail, daemon, user, auth, or local0 to local7"};
  }
  if (where.starts_with(file_prefix)) {
    const auto path = where.substr(file_prefix.size());
    if (path.starts_with('/') && !path.ends_with('/') && path.find('\0') == path.npos) return {};
    return Error{"write the absolute path of a log file, \"file:/var/log/mailweir.log\""};
  }
  return Error{"write \"journal\", \"syslog\", \"syslog:FACILITY\", \"stderr\" or \"file:/PATH\""};
}

}  // namespace mailweir
