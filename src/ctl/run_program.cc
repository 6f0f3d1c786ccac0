// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/run_program.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/handle.h"

namespace mailweir {
namespace {

constexpr std::size_t most_output = 1 << 20;
constexpr std::chrono::seconds given{30};

Error trouble_with(const std::string& program, int error) {
  return Error{program + ": cannot be run: " + std::strerror(error)};
}

// Until the program closes its output. False: its time is over.
bool read_all(int from, std::string& out) {
  const auto until = std::chrono::steady_clock::now() + given;
  char part[4096];
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd wait{from, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) == 0) return false;
    const auto got = ::read(from, part, sizeof part);
    if (got == 0) return true;
    if (got > 0 && out.size() < most_output) out.append(part, static_cast<std::size_t>(got));
    if (got < 0 && errno != EINTR) return true;
  }
}

}  // namespace

Result<Ran> run_program(const std::vector<std::string>& words, const std::string& input) {
  const std::string& program = words.front();
  Fd in(::memfd_create("input", MFD_CLOEXEC));
  if (!in || ::write(in.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size()) ||
      ::lseek(in.get(), 0, SEEK_SET) != 0)
    return trouble_with(program, errno);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return trouble_with(program, errno);
  Fd reads(ends[0]), writes(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, writes.get(), 1);
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return trouble_with(program, error);
  writes.reset();
  Ran ran;
  if (!read_all(reads.get(), ran.out)) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

}  // namespace mailweir
