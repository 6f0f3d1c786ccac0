// SPDX-License-Identifier: BSD-2-Clause
#include "app/signals.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace mailweir {
namespace {

int write_end = -1;

void to_pipe(int number) {
  const int kept = errno;
  const auto byte = static_cast<unsigned char>(number);
  [[maybe_unused]] const auto written = ::write(write_end, &byte, 1);  // a full pipe has enough of them already
  errno = kept;
}

sigset_t ours() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGUSR1}) sigaddset(&set, number);
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
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return Error{std::string("a pipe for signals: ") + std::strerror(errno)};
  write_end = ends[1];
  struct sigaction action{};
  action.sa_handler = to_pipe;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGUSR1}) sigaction(number, &action, nullptr);
  const sigset_t set = ours();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  return Signals(Fd(ends[0]));
}

std::optional<int> Signals::wait(std::chrono::milliseconds longest) {
  pollfd one{read_end_.get(), POLLIN, 0};
  if (poll(&one, 1, static_cast<int>(longest.count())) <= 0) return {};
  unsigned char byte = 0;
  return ::read(read_end_.get(), &byte, 1) == 1 ? std::optional<int>(byte) : std::nullopt;
}

}  // namespace mailweir
