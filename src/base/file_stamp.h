// SPDX-License-Identifier: BSD-2-Clause
// FileStamp: which state of a file was read. SharedFiles: lets a reload share what was made of files that did not
// change.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"

struct stat;

namespace mailweir {

// Two equal stamps are the same content, owner and mode; but see SharedFiles on files just written.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified = 0, changed = 0;  // nanoseconds since 1970
  bool operator==(const FileStamp&) const = default;
};

FileStamp stamp_of(const struct stat& status);
// Whether the file was left alone for longer than a file system's times move in one step: from now on a change of it
// changes its stamp, too.
bool has_settled(const FileStamp& stamp, WallTime now);
// Nothing when the file cannot be opened for reading now.
std::optional<FileStamp> file_stamp(const std::string& path);

// Keeps no object alive: what no policy uses any more is freed. One thread at a time.
//
// A file's times move in steps of some milliseconds: a file written twice within one step can change and keep its
// stamp. So what was written shortly before it was read is read again next time.
template <typename Name, typename Object>
class SharedFiles {
 public:
  // The clock must outlive this.
  explicit SharedFiles(const Clock& clock) : clock_(clock) {}

  // What was made of the file, if that is still in use and the file is as it was; else null.
  std::shared_ptr<const Object> find(const Name& name, const std::string& path) const {
    const auto kept = kept_.find(name);
    if (kept == kept_.end()) return nullptr;
    auto object = kept->second.object.lock();
    const auto stamp = object ? file_stamp(path) : std::nullopt;
    return stamp && *stamp == kept->second.stamp ? object : nullptr;
  }

  // `object` was made of the file in the state of `stamp`; null: it could not be.
  void keep(const Name& name, const FileStamp& stamp, const std::shared_ptr<const Object>& object) {
    if (!object || !has_settled(stamp, clock_.wall())) {
      kept_.erase(name);
      return;
    }
    if (kept_.size() >= next_sweep_) {
      std::erase_if(kept_, [](const auto& entry) { return entry.second.object.expired(); });
      next_sweep_ = 2 * kept_.size() + 1000;
    }
    kept_.insert_or_assign(name, Kept{stamp, object});
  }

 private:
  struct Kept {
    FileStamp stamp;
    std::weak_ptr<const Object> object;
  };
  const Clock& clock_;
  std::map<Name, Kept> kept_;
  std::size_t next_sweep_ = 1000;
};

}  // namespace mailweir
