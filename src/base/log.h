// SPDX-License-Identifier: BSD-2-Clause
// Log: where lines go. A line is key=value fields on one line, already escaped (base/text.h append_field).
// Thread-safe; never blocks mail for long: a sink that is slow has a bounded queue, and what it drops it counts.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace mailweir {

enum class Severity { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };  // syslog(3)'s numbers

class Log {
 public:
  virtual ~Log() = default;
  virtual void write(Severity severity, std::string_view line) = 0;
  virtual void reopen() {}                             // after logrotate (SIGUSR1)
  virtual std::uint64_t dropped() const { return 0; }  // lines lost because the queue was full
};

// An event of the daemon's own, not of a transaction: event=NAME and fields.
class Event {
 public:
  explicit Event(std::string_view name);
  Event& with(std::string_view key, std::string_view value);
  Event& with(std::string_view key, std::int64_t value);
  void to(Log& log, Severity severity = Severity::info) const { log.write(severity, line_); }
  const std::string& line() const { return line_; }

 private:
  std::string line_;
};

// Keeps nothing. For tests and tools.
class NullLog final : public Log {
 public:
  void write(Severity, std::string_view) override {}
};

std::unique_ptr<Log> make_stderr_log();

}  // namespace mailweir
