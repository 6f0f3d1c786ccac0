// SPDX-License-Identifier: BSD-2-Clause
#include "app/signals.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace mailweir {
namespace {

// The most urgent first. One that comes again before it was taken is one: a thousand of HUP are no thousand reloads.
constexpr std::array numbers{SIGTERM, SIGINT, SIGUSR1, SIGHUP};
std::array<std::atomic<bool>, numbers.size()> pending{};
int write_end = -1;

void note(int number) {
  const int kept = errno;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i] == number) pending[i] = true;
  [[maybe_unused]] const auto written = ::write(write_end, "", 1);  // wakes wait(); a full pipe does so, too
  errno = kept;
}

std::optional<int> next() {
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (pending[i].exchange(false)) return numbers[i];
  return {};
}

sigset_t ours() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

}  // namespace

void Signals::block() {
  const sigset_t set = ours();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Result<Signals> Signals::take() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return Error{std::string("a pipe for signals: ") + std::strerror(errno)};
  write_end = ends[1];
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  for (const int number : numbers) sigaction(number, &action, nullptr);
  const sigset_t set = ours();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  return Signals(Fd(ends[0]));
}

std::optional<int> Signals::wait(std::chrono::milliseconds longest) {
  if (const auto number = next()) return number;
  pollfd one{read_end_.get(), POLLIN, 0};
  if (poll(&one, 1, static_cast<int>(longest.count())) <= 0) return {};
  std::array<char, 256> bytes;
  while (::read(read_end_.get(), bytes.data(), bytes.size()) > 0) {}
  return next();
}

}  // namespace mailweir
