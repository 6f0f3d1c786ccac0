// SPDX-License-Identifier: BSD-2-Clause
// NewFile: a file that replaces another one whole. It is written beside it, as PATH.new, synced to the disk, and
// renamed; a reader sees the old file or the new one, after a crash, too. What had that name before is removed, and
// never followed. A file that is not put in its place is removed. One writer at a time.
#pragma once

#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/handle.h"
#include "base/result.h"

namespace mailweir {

// Sends all of the text to the file; false with errno. Goes on when a signal interrupts it.
bool write_all(const Fd& file, std::string_view text);

class NewFile {
 public:
  // mode: of the file, whatever the umask is.
  NewFile(std::string path, mode_t mode);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();

  void write(std::string_view text);
  // Errors of all steps so far: "PATH: cannot be written: why".
  Result<void> put_in_place();

 private:
  void failed();

  const std::string path_, fresh_;
  Fd file_;
  int error_ = 0;  // the first errno
};

// All of it at once.
Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode);

}  // namespace mailweir
