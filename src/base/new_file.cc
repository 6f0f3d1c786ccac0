// SPDX-License-Identifier: BSD-2-Clause
#include "base/new_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mailweir {

bool write_all(const Fd& file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

NewFile::NewFile(std::string path, mode_t mode) : path_(std::move(path)), fresh_(path_ + ".new") {
  if (::unlink(fresh_.c_str()) == 0 || errno == ENOENT)
    file_ = Fd(::open(fresh_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file_ || ::fchmod(file_.get(), mode) != 0) failed();
}

NewFile::~NewFile() {
  if (file_) ::unlink(fresh_.c_str());
}

void NewFile::write(std::string_view text) {
  if (error_ == 0 && !write_all(file_, text)) failed();
}

Result<void> NewFile::put_in_place() {
  if (error_ == 0 && (::fsync(file_.get()) != 0 || std::rename(fresh_.c_str(), path_.c_str()) != 0)) failed();
  if (error_ != 0) return Error{path_ + ": cannot be written: " + std::strerror(error_)};
  file_.reset();
  return {};
}

void NewFile::failed() { error_ = errno; }

Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode) {
  NewFile file(path, mode);
  file.write(text);
  return file.put_in_place();
}

}  // namespace mailweir
