// SPDX-License-Identifier: BSD-2-Clause
#include "app/notify.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <ctime>

#include <systemd/sd-daemon.h>

#include "base/handle.h"
#include "base/text.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;

// How long a change of state waits for a reader that has fallen behind; "alive" and the rest do not wait.
constexpr milliseconds patience{1000};

// What sd_notify(3) does, as its manual describes the protocol, but without waiting for ever: a reader that stops
// reading would stop the daemon. A notification that is not taken does no harm: without systemd none is
// taken.
void send(const std::string& state, milliseconds wait = {}) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  const std::size_t length = path == nullptr ? 0 : std::strlen(path);
  if (length < 2 || length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract name has no NUL at its end
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length + (path[0] == '@' ? 0 : 1));
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return;
  if (wait.count() > 0) {
    pollfd writable{fd.get(), POLLOUT, 0};
    ::poll(&writable, 1, static_cast<int>(wait.count()));
  }
  [[maybe_unused]] const auto sent = ::send(fd.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void tell(std::string state, std::string_view status) { send(state += "STATUS=" + cleaned(status, false), patience); }

}  // namespace

void ServiceNotifier::ready(std::string_view status) const { tell("READY=1\n", status); }

void ServiceNotifier::reloading(std::string_view status) const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);  // Type=notify-reload wants the moment
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.tv_sec * 1'000'000LL + now.tv_nsec / 1000) + '\n', status);
}

void ServiceNotifier::stopping(std::string_view status, std::chrono::milliseconds longest) const {
  tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(std::chrono::microseconds(longest).count()) + '\n', status);
}

void ServiceNotifier::status(std::string_view status) const { tell({}, status); }

void ServiceNotifier::alive() const { send("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> ServiceNotifier::watchdog_period() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0 || microseconds == 0) return {};
  return std::chrono::microseconds(microseconds / 2);
}

}  // namespace mailweir
