// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/follow/file_source.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/follow/position.h"
#include "base/handle.h"
#include "base/keyed_hash.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::uint64_t longest_beginning = 256;

// Where a file is read: which file it is, and how far.
struct Place {
  std::uint64_t inode = 0, offset = 0;
  std::uint64_t hash = 0, hashed = 0;  // of its first `hashed` bytes

  std::string to_string() const {
    return "file " + std::to_string(inode) + ' ' + std::to_string(offset) + ' ' + std::to_string(hash) + ' ' +
           std::to_string(hashed);
  }
  static std::optional<Place> parse(std::string_view text) {
    const auto parts = words(text);
    if (parts.size() != 5 || parts[0] != "file") return {};
    std::array<std::uint64_t, 4> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto number = to_number(parts[i + 1]);
      if (!number) return {};
      numbers[i] = *number;
    }
    return Place{numbers[0], numbers[1], numbers[2], numbers[3]};
  }
};

std::uint64_t hash_of(int file, std::uint64_t length) {
  static const KeyedHash hash(0x6d61696c, 0x6c6f6773);  // the same in each process
  std::array<char, longest_beginning> start{};
  const auto got = ::pread(file, start.data(), static_cast<std::size_t>(std::min(length, longest_beginning)), 0);
  return hash(std::string_view(start.data(), got > 0 ? static_cast<std::size_t>(got) : 0));
}

Fd open_file(const std::string& path) { return Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)); }

class FileSource final : public LogSource {
 public:
  FileSource(std::string path, std::string position) : path_(std::move(path)), position_(std::move(position)) {}

  Result<bool> read(const Take& take) override {
    if (!file_)
      if (auto begun = begin(); !begun) return begun.error();
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0) return trouble("cannot read it");
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size < place_.offset || hash_of(file_.get(), place_.hashed) != place_.hash) {
      place_ = {place_.inode, 0, hash_of(file_.get(), 0), 0};
      rest_.clear();
    }
    if (size - place_.offset > most_behind) skip(size);
    auto more = read_on(take);
    stats_.behind = size > place_.offset ? size - place_.offset : 0;
    if (!more || *more) return more;
    return look_for_new();
  }

  Result<void> save() override {
    const std::string place = place_.to_string();
    if (place == saved_) return {};
    auto done = write_position(position_, place);
    if (done) saved_ = place;
    return done;
  }

  std::string missed() override { return std::exchange(missed_, {}); }

 private:
  Error trouble(const char* what) const { return Error{path_ + ": " + what + ": " + std::strerror(errno), true}; }

  void miss(std::string what) {
    ++stats_.lost;
    missed_ = std::move(what);
  }

  Result<void> begin() {
    std::optional<Place> last;
    if (first_) {
      const auto kept = read_position(position_);
      if (!kept) return kept.error();
      last = Place::parse(*kept);
    }
    Fd file = open_file(path_);
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) {
      missing_ = missing_ || errno == ENOENT;
      return trouble("cannot open it");
    }
    if (!S_ISREG(status.st_mode)) return Error{path_ + ": it is not a file"};
    const bool fresh = first_ && !last && !missing_;  // one that came later has nothing old
    first_ = false;
    file_ = std::move(file);
    place_ = {static_cast<std::uint64_t>(status.st_ino), 0, hash_of(file_.get(), 0), 0};
    if (fresh) {
      place_.offset = static_cast<std::uint64_t>(status.st_size);
      note_beginning();
    } else if (last) {
      resume(*last);
    }
    return {};
  }

  bool is(int file, const Place& place) const {
    struct stat status {};
    return ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_ino == place.inode &&
           static_cast<std::uint64_t>(status.st_size) >= place.offset && hash_of(file, place.hashed) == place.hash;
  }

  void resume(const Place& last) {
    if (is(file_.get(), last)) {
      place_ = last;
      return;
    }
    if (Fd renamed = find_renamed(last)) {
      file_ = std::move(renamed);
      place_ = last;
      return;
    }
    miss("the file that was read last is gone: its end was not read");
  }

  // Beside it: mail.log.1, mail.log-20261201.
  Fd find_renamed(const Place& place) const {
    const auto slash = path_.rfind('/');
    const std::string directory = path_.substr(0, slash + 1), name = path_.substr(slash + 1);
    const CPtr<DIR, ::closedir> entries(::opendir(directory.c_str()));
    while (const dirent* entry = entries ? ::readdir(entries.get()) : nullptr) {
      const std::string_view found = entry->d_name;
      if (entry->d_ino != place.inode || !found.starts_with(name)) continue;
      if (Fd file = open_file(directory + std::string(found)); file && is(file.get(), place)) return file;
    }
    return Fd();
  }

  void note_beginning() {
    if (place_.hashed >= longest_beginning || place_.offset <= place_.hashed) return;
    place_.hashed = std::min(place_.offset, longest_beginning);
    place_.hash = hash_of(file_.get(), place_.hashed);
  }

  // The line that is cut there is left out.
  void skip(std::uint64_t size) {
    miss("more than 256 MiB were not read yet: the older lines are left out");
    place_.offset = size - most_behind;
    rest_.clear();
    in_long_line_ = true;
  }

  Result<bool> read_on(const Take& take) {
    std::vector<char> part(64 << 10);
    for (std::size_t all = 0; all < most_at_once;) {
      const auto got = ::pread(file_.get(), part.data(), part.size(), static_cast<off_t>(place_.offset + rest_.size()));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return trouble("cannot read it");
      if (got == 0) return false;
      all += static_cast<std::size_t>(got);
      take_lines({part.data(), static_cast<std::size_t>(got)}, take);
      note_beginning();
    }
    return true;
  }

  // The offset stands behind the last whole line.
  void take_lines(std::string_view text, const Take& take) {
    for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
      const auto length = rest_.size() + end + 1;
      rest_ += text.substr(0, end);
      if (in_long_line_) {
        in_long_line_ = false;
      } else {
        ++stats_.lines;
        if (rest_.size() <= longest_line) take({}, rest_);
        else ++stats_.too_long;
      }
      place_.offset += length;
      rest_.clear();
      text.remove_prefix(end + 1);
    }
    rest_ += text;
    if (rest_.size() <= longest_line) return;
    if (!in_long_line_) ++stats_.too_long;
    in_long_line_ = true;
    place_.offset += rest_.size();
    rest_.clear();
  }

  // A process that has the renamed file open may write to it for a moment.
  Result<bool> look_for_new() {
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0 || status.st_ino == place_.inode) {
      ended_ = false;
      return false;
    }
    if (!std::exchange(ended_, true)) return false;
    ended_ = false;
    file_.reset();
    rest_.clear();
    in_long_line_ = false;
    return true;
  }

  const std::string path_, position_;
  Fd file_;
  Place place_;
  std::string rest_;  // of the line whose end has not come
  std::string missed_, saved_;
  bool first_ = true, missing_ = false;
  bool in_long_line_ = false, ended_ = false;
};

}  // namespace

std::unique_ptr<LogSource> make_file_source(std::string path, std::string position) {
  return std::make_unique<FileSource>(std::move(path), std::move(position));
}

}  // namespace mailweir
