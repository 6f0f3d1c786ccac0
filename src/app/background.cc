// SPDX-License-Identifier: BSD-2-Clause
#include "app/background.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace mailweir {

Result<Background> Background::enter() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Error{std::string("a pipe to the parent: ") + std::strerror(errno)};
  Fd read_end(ends[0]), write_end(ends[1]);
  // Now, while we may: a user without rights may meet a /dev/null that it can't write, and would keep the terminal.
  Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return Error{std::string("/dev/null: ") + std::strerror(errno)};
  const pid_t child = ::fork();
  if (child < 0) return Error{std::string("fork: ") + std::strerror(errno)};
  if (child > 0) {
    write_end.reset();
    char word = 0;
    const auto got = ::read(read_end.get(), &word, 1);
    ::_exit(got == 1 ? EXIT_SUCCESS : EXIT_FAILURE);  // the child has said on stderr what is wrong
  }
  ::setsid();
  [[maybe_unused]] const int moved = ::chdir("/");
  return Background(std::move(write_end), std::move(null));
}

void Background::ready() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null_.get(), fd);
  null_.reset();
  [[maybe_unused]] const auto written = ::write(news_.get(), "+", 1);
  news_.reset();
}

}  // namespace mailweir
