// SPDX-License-Identifier: BSD-2-Clause
// A file for a reader that wants a path: in a directory of its own, removed at the end; written again for each input.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include "base/handle.h"
#include "target.h"

namespace mailweir::fuzz {

class TempFile {
 public:
  TempFile() {
    // In memory, if there is such a place: a reader that saves what it read waits for the disk each time.
    directory_ = std::string(::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + "/mailweir-fuzz-XXXXXX";
    must(::mkdtemp(directory_.data()) != nullptr);
    path_ = directory_ + "/input.toml";
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile() {
    ::unlink(path_.c_str());
    ::rmdir(directory_.c_str());
  }
  void write(std::string_view text) const {
    const Fd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    must(fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  const std::string& path() const { return path_; }

 private:
  std::string directory_, path_;
};

}  // namespace mailweir::fuzz
