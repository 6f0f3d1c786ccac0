// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/alert/child_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/handle.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t longest_complaint = 300;
constexpr int look_every = 20;  // milliseconds

Error failed(const std::string& what, int error) { return Error{what + ": " + std::strerror(error), true}; }

// The input lies in memory as a file: a program that does not read it causes no wait, and none is killed by a closed
// pipe.
Result<Fd> as_file(const std::string& text) {
  Fd file(::memfd_create("input", MFD_CLOEXEC));
  if (!file) return failed("memfd_create", errno);
  for (std::size_t at = 0; at < text.size();) {
    const auto count = ::write(file.get(), text.data() + at, text.size() - at);
    if (count < 0) return failed("writing the input", errno);
    at += static_cast<std::size_t>(count);
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return failed("lseek", errno);
  return file;
}

Result<pid_t> spawn(const std::vector<std::string>& argv, int input, int complaints) {
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path, nullptr};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, input, 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, complaints, 2);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  pid_t child = -1;
  const int error = posix_spawn(&child, words.front(), &files, &attributes, words.data(), environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error == 0) return child;
  return Error{"cannot be run: " + std::string(std::strerror(error)), error == EAGAIN || error == ENOMEM};
}

// What it has to say, as far as we keep it; the rest is read and thrown away, so that it can go on.
void listen(int fd, std::string& complaint) {
  char buffer[4096];
  for (int turns = 0; turns < 16; ++turns) {
    const auto count = ::read(fd, buffer, sizeof buffer);
    if (count <= 0) return;
    complaint.append(buffer, std::min(static_cast<std::size_t>(count), longest_complaint - complaint.size()));
  }
}

Result<void> ended(int status, const std::string& complaint) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  std::string what = WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status))
                                       : "ended by signal " + std::to_string(WTERMSIG(status));
  if (const auto said = trimmed(complaint); !said.empty()) what += ": " + cleaned(said, false, longest_complaint);
  return Error{what, WIFEXITED(status) && WEXITSTATUS(status) == EX_TEMPFAIL};
}

}  // namespace

Result<void> run_program(const std::vector<std::string>& argv, const std::string& input, Deadline deadline,
                         const GiveUp& give_up) {
  const auto file = as_file(input);
  if (!file) return file.error();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return failed("pipe", errno);
  const Fd hear(ends[0]);
  Fd say(ends[1]);
  if (::fcntl(say.get(), F_SETFL, 0) != 0) return failed("fcntl", errno);  // its end waits, as programs expect
  const auto child = spawn(argv, file->get(), say.get());
  say.reset();
  if (!child) return Error{argv.front() + ": " + child.error().what, child.error().temporary};

  std::string complaint;
  int status = 0;
  bool silent = false;
  for (;;) {
    pollfd wait{silent ? -1 : hear.get(), POLLIN, 0};
    ::poll(&wait, 1, look_every);
    if ((wait.revents & POLLHUP) != 0 && (wait.revents & POLLIN) == 0) silent = true;
    else if (wait.revents != 0) listen(hear.get(), complaint);
    const pid_t done = ::waitpid(*child, &status, WNOHANG);
    if (done == *child) break;
    if (done < 0 && errno != EINTR) return Error{argv.front() + ": waitpid: " + std::strerror(errno)};
    const bool late = deadline.over();
    if (!late && !(give_up && give_up())) continue;
    ::kill(-*child, SIGKILL);
    ::waitpid(*child, &status, 0);
    return Error{argv.front() + (late ? ": killed after its deadline" : ": killed because the daemon ends")};
  }
  listen(hear.get(), complaint);
  auto result = ended(status, complaint);
  if (!result) return Error{argv.front() + ": " + result.error().what, result.error().temporary};
  return result;
}

}  // namespace mailweir
