// SPDX-License-Identifier: BSD-2-Clause
// LogSource: the log of the mail server, read on from where the last daemon stopped. One thread at a time; none of it
// waits for anything but the disk.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mailweir {

struct LogSourceStats {
  std::atomic<std::uint64_t> lines{0};
  std::atomic<std::uint64_t> too_long{0};  // lines that were left out
  std::atomic<std::uint64_t> behind{0};    // bytes that are not read yet; of the journal it is not known
  std::atomic<std::uint64_t> lost{0};      // times that lines may have been missed
};

class LogSource {
 public:
  // `program` and what it wrote; or, where `program` is empty, a line as syslog writes it.
  using Take = std::function<void(std::string_view program, std::string_view text)>;

  static constexpr std::size_t longest_line = 8 << 10, most_at_once = 4 << 20, most_behind = 256 << 20;

  virtual ~LogSource() = default;
  // What has come since, at most most_at_once bytes; whether there may be more. Errors: it cannot be read now.
  virtual Result<bool> read(const Take& take) = 0;
  // Keeps the position, for the next daemon.
  virtual Result<void> save() = 0;
  // What was missed, and why, since the last call; empty: nothing.
  virtual std::string missed() = 0;

  const LogSourceStats& stats() const { return stats_; }

 protected:
  LogSourceStats stats_;
};

}  // namespace mailweir
