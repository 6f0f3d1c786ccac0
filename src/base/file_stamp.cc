// SPDX-License-Identifier: BSD-2-Clause
#include "base/file_stamp.h"

#include <sys/stat.h>

#include "base/file.h"

namespace mailweir {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

constexpr std::chrono::seconds settling{2};  // more than the step of any file system's times

}  // namespace

FileStamp stamp_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

bool has_settled(const FileStamp& stamp, WallTime now) {
  const auto changed = WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::nanoseconds(std::max(stamp.modified, stamp.changed))));
  return changed + settling <= now;
}

std::optional<FileStamp> file_stamp(const std::string& path) {
  const auto file = open_regular(path);
  struct stat status {};
  if (!file || fstat(file->get(), &status) != 0) return {};
  return stamp_of(status);
}

}  // namespace mailweir
