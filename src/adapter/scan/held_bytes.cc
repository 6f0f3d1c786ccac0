// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/held_bytes.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>

namespace mailweir {
namespace {

constexpr std::size_t least_room = 4096;  // bytes in memory, so that not each line of a header asks the budget

Result<Fd> unlinked_file() {
  const char* const named = std::getenv("TMPDIR");
  std::string directory = named != nullptr && *named == '/' ? named : "/var/tmp";
  Fd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
  if (file) return file;
  std::string path = directory + "/mailweir-scan-XXXXXX";  // a file system without O_TMPFILE
  file.reset(::mkostemp(path.data(), O_CLOEXEC));
  if (!file) return Error{"a temporary file in " + directory + ": " + std::strerror(errno), true};
  ::unlink(path.c_str());
  return file;
}

}  // namespace

Result<void> HeldBytes::append(std::string_view bytes) {
  if (file_) return append_to_file(bytes);
  const auto fits = [&] {
    const std::size_t wanted = memory_.size() + bytes.size();
    return wanted <= most_in_memory &&
           (wanted <= in_memory_.bytes() || in_memory_.resize(std::max(wanted, least_room)));
  };
  if (!fits()) {
    let_go();
    if (!fits()) {
      if (auto spilt = spill(); !spilt) return spilt;
      return append_to_file(bytes);
    }
  }
  memory_ += bytes;
  size_ += bytes.size();
  return {};
}

void HeldBytes::let_go() {
  if (sent_ <= first_) return;
  memory_.erase(0, static_cast<std::size_t>(sent_ - first_));
  first_ = sent_;
}

Result<void> HeldBytes::spill() {
  auto file = unlinked_file();
  if (!file) return file.error();
  file_ = std::move(*file);
  std::string held;
  held.swap(memory_);
  size_ -= held.size();
  auto written = append_to_file(held);
  in_memory_.clear();
  return written;
}

// In the file the byte at `place` stands at place - first_, which changes no more.
Result<void> HeldBytes::append_to_file(std::string_view bytes) {
  if (!in_file_.grow(bytes.size()))
    return Error{"messages that wait for scanners hold more than " + std::to_string(HeldRoom().files.most() >> 20) +
                     " MiB of temporary files",
                 true};
  while (!bytes.empty()) {
    const auto done = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_ - first_));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return Error{std::string("writing a temporary file: ") + std::strerror(errno), true};
    size_ += static_cast<std::uint64_t>(done);
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return {};
}

Result<std::size_t> HeldBytes::read(std::uint64_t place, std::span<char> to) const {
  const auto most = std::min<std::uint64_t>(to.size(), size_ - place);
  const auto offset = static_cast<std::size_t>(place - first_);
  if (!file_) {
    std::memcpy(to.data(), memory_.data() + offset, most);
    return static_cast<std::size_t>(most);
  }
  const auto done = ::pread(file_.get(), to.data(), most, static_cast<off_t>(offset));
  if (done < 0 || (done == 0 && most > 0))
    return Error{std::string("reading a temporary file: ") + std::strerror(errno), true};
  return static_cast<std::size_t>(done);
}

void HeldBytes::clear() {
  memory_.clear();
  memory_.shrink_to_fit();
  file_.reset();
  in_memory_.clear();
  in_file_.clear();
}

}  // namespace mailweir
