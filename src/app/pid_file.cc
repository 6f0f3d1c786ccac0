// SPDX-License-Identifier: BSD-2-Clause
#include "app/pid_file.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

namespace mailweir {
namespace {

Error failed(const std::string& path, std::string_view what) {
  const int error = errno;  // before looking up the user changes it
  return Error{"pid file " + path + ": " + std::string(what) + ": " + std::strerror(error) + " (as user " +
               process_user() + ')'};
}

// Who holds it, as he wrote himself; "" when he has not yet.
std::string holder(int fd) {
  std::array<char, 32> buffer{};
  const auto count = ::pread(fd, buffer.data(), buffer.size(), 0);
  if (count <= 0) return {};
  const auto text = trimmed(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  return to_number(text) ? std::string(text) : std::string();
}

// The file may have been removed by its last holder between our open and our lock; then our lock is worth nothing.
bool is_still_there(const std::string& path, int fd) {
  struct stat named {
  }, held{};
  return lstat(path.c_str(), &named) == 0 && fstat(fd, &held) == 0 && named.st_dev == held.st_dev &&
         named.st_ino == held.st_ino;
}

}  // namespace

Result<PidFile> PidFile::take(const std::string& path) {
  constexpr int most_tries = 100;
  for (int i = 0; i < most_tries; ++i) {
    // No symbolic link: root writes here, and the directory may be another user's. Not blocking, should it be a pipe.
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0644));
    if (!fd) return failed(path, "open");
    struct stat status {};
    if (fstat(fd.get(), &status) != 0) return failed(path, "stat");
    if (!S_ISREG(status.st_mode)) return Error{"pid file " + path + ": is not a regular file"};
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return failed(path, "lock");
      const auto pid = holder(fd.get());
      return Error{"pid file " + path + ": already running as process " + (pid.empty() ? "(not written yet)" : pid),
                   true};
    }
    if (!is_still_there(path, fd.get())) continue;
    const auto text = std::to_string(::getpid()) + '\n';
    if (ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
      return failed(path, "write");
    return PidFile(path, std::move(fd));
  }
  return Error{"pid file " + path + ": keeps being replaced"};
}

PidFile::~PidFile() {
  if (!fd_) return;
  if (::unlink(path_.c_str()) != 0) [[maybe_unused]]
    const int ignored = ::ftruncate(fd_.get(), 0);
}

}  // namespace mailweir
