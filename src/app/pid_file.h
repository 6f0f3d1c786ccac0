// SPDX-License-Identifier: BSD-2-Clause
// PidFile: "I am the one running daemon", held with a lock on the file for as long as the object lives. A file left by
// a daemon that died is taken over, for the lock died with it. Take it after the last fork.
#pragma once

#include <string>

#include "base/handle.h"
#include "base/result.h"

namespace mailweir {

class PidFile {
 public:
  // Makes or takes over the file and writes our pid. While another process holds it: a temporary error that names its
  // pid.
  static Result<PidFile> take(const std::string& path);

  PidFile(PidFile&&) = default;
  PidFile& operator=(PidFile&&) = delete;
  // Removes the file; where its directory is not ours any more, empties it.
  ~PidFile();

 private:
  PidFile(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  std::string path_;
  Fd fd_;
};

}  // namespace mailweir
