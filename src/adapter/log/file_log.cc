// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/log/file_log.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "adapter/log/line_time.h"
#include "base/file.h"
#include "base/handle.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

constexpr auto gather = 50ms;             // lines that come within it are written together
constexpr std::size_t keep = 256 * 1024;  // memory of a burst beyond this is given back
constexpr auto retry_after = 500ms;       // when the disk refused

// `make`: O_CREAT or 0.
Result<Fd> open_log_file(const std::string& path, int make = O_CREAT) {
  // Not blocking: a pipe that is not read must not hold up the daemon.
  Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | make | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640));
  if (!fd) {
    const int error = errno;  // before looking up the user changes it
    return Error{"log file " + path + ": user " + process_user() +
                 " cannot open it for writing: " + std::strerror(error)};
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return Error{"log file " + path + ": " + std::strerror(errno)};
  if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode))
    return Error{"log file " + path + ": is not a regular file"};
  return fd;
}

class FileLog final : public Log {
 public:
  FileLog(const FileLogConfig& config, const Clock& clock, Fd fd) : config_(config), clock_(clock), fd_(std::move(fd)) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    writer_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~FileLog() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    writer_.join();
  }

  void write(Severity, std::string_view line) override {
    bool wake = false;
    {
      std::lock_guard lock(mutex_);
      const bool was_half_full = waiting_.size() > config_.buffer / 2;
      if (!append(line)) {
        ++dropped_;
        ++dropped_untold_;
        return;
      }
      wake = asleep_ || (!was_half_full && waiting_.size() > config_.buffer / 2);
      asleep_ = false;
    }
    if (wake) changed_.notify_one();
  }

  void reopen() override {
    {
      std::lock_guard lock(mutex_);
      if (!reopen_at_) reopen_at_ = waiting_.size();
    }
    changed_.notify_one();
  }

  std::uint64_t dropped() const override {
    std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  // With the lock held, so that the lines stand in the order of their times. False when there is no room.
  bool append(std::string_view line) {
    if (waiting_.size() + line.size() + LineTime::longest + 2 > config_.buffer) return false;
    waiting_ += time_.text(clock_.wall());
    waiting_ += ' ';
    waiting_ += line;
    waiting_ += '\n';
    return true;
  }

  void run() {
    std::string batch;
    std::unique_lock lock(mutex_);
    for (bool last = false; !last;) {
      asleep_ = true;
      changed_.wait(lock, [&] { return stopping_ || reopen_at_ || !waiting_.empty(); });
      asleep_ = false;
      changed_.wait_for(lock, gather, [&] { return stopping_ || reopen_at_ || waiting_.size() > config_.buffer / 2; });
      last = stopping_;
      batch.swap(waiting_);
      const auto reopen_at = std::exchange(reopen_at_, std::nullopt);
      const auto untold = std::exchange(dropped_untold_, 0);
      if (untold > 0)
        batch += time_.text(clock_.wall()) + ' ' + Event("log-lines-dropped").with("count", untold).line() + '\n';
      lock.unlock();
      std::string_view rest = batch;
      if (reopen_at) {
        put(rest.substr(0, *reopen_at));
        rest.remove_prefix(*reopen_at);
        put(take_new_file());
      }
      put(rest);
      batch.clear();
      if (batch.capacity() > keep) std::string().swap(batch);
      lock.lock();
    }
  }

  // Writes all of it; gives up only when the log ends.
  void put(std::string_view text) {
    while (!text.empty()) {
      const auto count = ::write(fd_.get(), text.data(), text.size());
      if (count >= 0) {
        text.remove_prefix(static_cast<std::size_t>(count));
        continue;
      }
      if (errno == EINTR) continue;
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, retry_after, [&] { return stopping_; })) return;
    }
  }

  // The old file stays in use when the new one cannot be opened; then a line about it.
  std::string take_new_file() {
    auto fd = open_log_file(config_.path);
    if (fd) {
      fd_ = std::move(*fd);
      return {};
    }
    std::lock_guard lock(mutex_);
    return time_.text(clock_.wall()) + ' ' + Event("log-reopen-failed").with("error", fd.error().what).line() + '\n';
  }

  const FileLogConfig config_;
  const Clock& clock_;
  Fd fd_;  // the writer's
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string waiting_;
  LineTime time_;
  std::optional<std::size_t> reopen_at_;  // where in waiting_ the new file begins
  std::uint64_t dropped_ = 0;
  std::int64_t dropped_untold_ = 0;
  bool asleep_ = false, stopping_ = false;
  std::thread writer_;
};

}  // namespace

Result<void> try_log_file(const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0 || errno != ENOENT) {
    const auto fd = open_log_file(path, 0);
    return fd ? Result<void>() : fd.error();
  }
  const auto directory = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  const int error = errno;
  return Error{"log file " + path + ": user " + process_user() + " cannot make it in " + directory + ": " +
               std::strerror(error)};
}

Result<std::unique_ptr<Log>> make_file_log(const FileLogConfig& config, const Clock& clock) {
  auto fd = open_log_file(config.path);
  if (!fd) return fd.error();
  return std::unique_ptr<Log>(std::make_unique<FileLog>(config, clock, std::move(*fd)));
}

}  // namespace mailweir
