// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/log/open_log.h"

#include <string>

#include "adapter/log/file_log.h"
#include "adapter/log/journal_log.h"
#include "adapter/log/syslog_log.h"
#include "base/text.h"
#include "port/log_setting.h"

namespace mailweir {
namespace {

constexpr std::string_view file_prefix = "file:";

Result<void> checked(std::string_view where) {
  if (const auto good = check_log_setting(where); !good)
    return Error{"log \"" + cleaned(where, false, 80) + "\": " + good.error().what};
  return {};
}

}  // namespace

Result<std::unique_ptr<Log>> open_log(std::string_view where, std::string_view identity) {
  static const SystemClock clock;
  if (const auto good = checked(where); !good) return good.error();
  if (where == "journal") return make_journal_log(identity);
  if (where == "stderr") return make_stderr_log();
  if (where.starts_with(file_prefix)) return make_file_log({std::string(where.substr(file_prefix.size()))}, clock);
  return make_syslog_log(identity, *syslog_facility(log_facility_in(where)));
}

Result<void> try_log(std::string_view where) {
  if (const auto good = checked(where); !good) return good;
  if (where == "stderr") return {};
  if (where == "journal") return find_journal();
  if (where.starts_with(file_prefix)) return try_log_file(std::string(where.substr(file_prefix.size())));
  return find_syslog();
}

}  // namespace mailweir
