// SPDX-License-Identifier: BSD-2-Clause
// ServiceNotifier: tells systemd how the daemon is (sd_notify(3)). Without systemd all of it does nothing. Any thread.
// Nothing here waits longer than a second for a reader that does not read; then the notification is lost.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace mailweir {

class ServiceNotifier {
 public:
  // One line of text each, shown by systemctl status; control characters in it are replaced.
  void ready(std::string_view status) const;
  void reloading(std::string_view status) const;  // ready() ends it
  // It may take so long, whatever the unit's TimeoutStopSec.
  void stopping(std::string_view status, std::chrono::milliseconds longest) const;
  void status(std::string_view status) const;
  // "Still alive": to be said at least every watchdog_period.
  void alive() const;
  // Half of what the unit's WatchdogSec allows; nothing when no watchdog is wanted of this process.
  static std::optional<std::chrono::microseconds> watchdog_period();
};

}  // namespace mailweir
