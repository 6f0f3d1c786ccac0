// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/log/syslog_log.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include "base/handle.h"

namespace mailweir {
namespace {

class SyslogLog final : public Log {
 public:
  SyslogLog(std::string_view identity, int facility) : identity_(identity), facility_(facility) {
    ::openlog(identity_.c_str(), LOG_PID | LOG_NDELAY, facility_);  // keeps the pointer
  }
  SyslogLog(const SyslogLog&) = delete;
  SyslogLog& operator=(const SyslogLog&) = delete;
  ~SyslogLog() override { ::closelog(); }

  void write(Severity severity, std::string_view line) override {
    constexpr std::size_t longest = 64 * 1024;
    const int length = static_cast<int>(std::min(line.size(), longest));
    ::syslog(facility_ | static_cast<int>(severity), "%.*s", length, line.data());
  }

 private:
  const std::string identity_;
  const int facility_;
};

struct Facility {
  std::string_view name;
  int number;
};
constexpr Facility facilities[] = {
    {"mail", LOG_MAIL},     {"daemon", LOG_DAEMON}, {"user", LOG_USER},     {"auth", LOG_AUTH},
    {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3},
    {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},
};

}  // namespace

std::optional<int> syslog_facility(std::string_view name) {
  for (const auto& facility : facilities)
    if (facility.name == name) return facility.number;
  return {};
}

Result<void> find_syslog(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  int failure = 0;
  for (const int kind : {SOCK_DGRAM, SOCK_STREAM}) {  // syslog(3) takes either
    const Fd fd(::socket(AF_UNIX, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return Error{std::string("log syslog: ") + std::strerror(errno)};
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN)
      return {};
    failure = errno;
    if (failure != EPROTOTYPE) break;
  }
  return Error{std::string("log syslog: ") + path + ": " + std::strerror(failure) +
               "; start the syslog daemon first, or write \"journal\", \"stderr\" or \"file:/PATH\""};
}

Result<std::unique_ptr<Log>> make_syslog_log(std::string_view identity, int facility) {
  if (const auto found = find_syslog(); !found) return found.error();
  return std::unique_ptr<Log>(std::make_unique<SyslogLog>(identity, facility));
}

}  // namespace mailweir
