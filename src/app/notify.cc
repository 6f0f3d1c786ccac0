// SPDX-License-Identifier: BSD-2-Clause
#include "app/notify.h"

#include <string>

#include <ctime>

#include <systemd/sd-daemon.h>

#include "base/text.h"

namespace mailweir {
namespace {

void send(std::string state, std::string_view status) {
  state += "STATUS=" + cleaned(status, false);
  // A notification that is not taken is no trouble of ours: without systemd there is nobody to take it.
  sd_notify(0, state.c_str());
}

}  // namespace

void ServiceNotifier::ready(std::string_view status) const { send("READY=1\n", status); }

void ServiceNotifier::reloading(std::string_view status) const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);  // Type=notify-reload wants the moment
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.tv_sec * 1'000'000LL + now.tv_nsec / 1000) + '\n', status);
}

void ServiceNotifier::stopping(std::string_view status) const { send("STOPPING=1\n", status); }

void ServiceNotifier::status(std::string_view status) const { send({}, status); }

void ServiceNotifier::alive() const { sd_notify(0, "WATCHDOG=1"); }

std::optional<std::chrono::microseconds> ServiceNotifier::watchdog_period() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0 || microseconds == 0) return {};
  return std::chrono::microseconds(microseconds / 2);
}

}  // namespace mailweir
