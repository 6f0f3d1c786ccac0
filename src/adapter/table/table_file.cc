// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table/table_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/stat.h>

#include "adapter/table/expiry.h"
#include "base/file.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t longest_line = 4096, chunk_size = 256 * 1024;

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Hands out the lines of a descriptor; keeps one chunk and the line that runs over its end.
class LineReader {
 public:
  explicit LineReader(int fd) : fd_(fd) { buffer_.reserve(chunk_size + longest_line); }

  // Without its line end. A line longer than the bound comes cut, one byte longer than the bound.
  bool next(std::string_view& line) {
    for (;;) {
      const auto start = buffer_.data() + at_;
      const auto left = buffer_.size() - at_;
      if (const void* end = std::memchr(start, '\n', left)) {
        const auto length = static_cast<std::size_t>(static_cast<const char*>(end) - start);
        at_ += length + 1;
        if (std::exchange(skipping_, false)) continue;
        line = std::string_view(start, std::min(length, longest_line + 1));
        return true;
      }
      if (skipping_) at_ = buffer_.size();
      else if (left > longest_line) {
        line = std::string_view(start, longest_line + 1);
        at_ = buffer_.size();
        skipping_ = true;
        return true;
      }
      if (ended_) {
        if (skipping_ || at_ == buffer_.size()) return false;
        line = std::string_view(buffer_).substr(at_);
        at_ = buffer_.size();
        return true;
      }
      fill();
    }
  }
  int error() const { return error_; }

 private:
  void fill() {
    buffer_.erase(0, at_);
    at_ = 0;
    const auto kept = buffer_.size();
    buffer_.resize(kept + chunk_size);
    ssize_t count = 0;
    do count = ::read(fd_, buffer_.data() + kept, chunk_size);
    while (count < 0 && errno == EINTR);
    if (count < 0) error_ = errno;
    ended_ = count <= 0;
    buffer_.resize(kept + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }

  int fd_;
  std::string buffer_;
  std::size_t at_ = 0;
  bool ended_ = false, skipping_ = false;
  int error_ = 0;
};

// Where the key that starts at 0 ends; npos when its quotes stay open.
std::size_t key_length(std::string_view text) {
  std::size_t i = 0;
  if (text.front() == '"') {
    for (i = 1; i < text.size() && text[i] != '"'; ++i)
      if (text[i] == '\\') ++i;
    if (i >= text.size()) return text.npos;
  }
  while (i < text.size() && !is_blank(text[i])) ++i;
  return i;
}

std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '#' && (i == 0 || is_blank(text[i - 1]))) return trimmed(text.substr(0, i));
  return trimmed(text);
}

class Parser {
 public:
  Parser(TableKind kind, const Clock& clock) : kind_(kind), builder_(kind, "line", clock) {}

  void take(std::string_view line) {
    ++number_;
    if (number_ == 1) {
      if (line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
      if (line.starts_with("\xff\xfe") || line.starts_with("\xfe\xff"))
        builder_.fault(1, 1, "this is UTF-16; save it as UTF-8");
    }
    if (line.size() > longest_line)
      return builder_.fault(number_, longest_line + 1,
                            "a line of more than " + std::to_string(longest_line) + " bytes");
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::size_t start = 0;
    while (start < line.size() && is_blank(line[start])) ++start;
    const auto text = line.substr(start);
    if (text.empty() || text.front() == '#') return;
    if (const auto zero = line.find('\0'); zero != line.npos)
      return builder_.fault(number_, zero + 1, "a NUL byte; is this a text file?");
    take_entry(text, start);
  }
  MadeTable finish() { return builder_.finish(); }

 private:
  void take_entry(std::string_view text, std::size_t start) {
    if (kind_ == TableKind::map && start > 0)
      return builder_.fault(number_, 1, "starts with a blank; values cannot continue on the next line");
    const auto length = key_length(text);
    if (length == text.npos) return builder_.fault(number_, start + 1, "the quotes of the key are not closed");
    const auto rest = without_comment(text.substr(length));
    const auto entry = take_until(rest);
    if (!entry)
      return builder_.fault(number_, static_cast<std::size_t>(rest.data() - text.data()) + start + 1,
                            entry.error().what);
    const auto value = entry->text;
    const auto column = static_cast<std::size_t>(value.data() - text.data()) + start + 1;
    if (kind_ == TableKind::list && !value.empty())
      return builder_.fault(number_, column,
                            "a list has one key per line, but this key is followed by \"" + cleaned(value, false, 60) +
                                "\"; keys with values belong in [maps]");
    if (kind_ == TableKind::map && value.empty())
      return builder_.fault(number_, start + length + 1, "the key has no value");
    builder_.add(text.substr(0, length), value, number_, start + 1, entry->until);
  }

  TableKind kind_;
  TableBuilder builder_;
  std::size_t number_ = 0;
};

std::vector<std::string> as_lines(const std::string& path, const std::vector<EntryFault>& faults) {
  std::vector<std::string> lines;
  for (const auto& fault : faults)
    lines.push_back(path + ':' + std::to_string(fault.line) + ':' + std::to_string(fault.column) + ": " + fault.what);
  return lines;
}

}  // namespace

LoadedTable read_table(const std::string& path, TableKind kind, const Clock& clock) {
  LoadedTable loaded;
  const auto file = open_regular(path);
  if (!file) {
    loaded.errors.push_back(file.error().what);
    return loaded;
  }
  struct stat before {
  }, after{};
  fstat(file->get(), &before);
  LineReader reader(file->get());
  Parser parser(kind, clock);
  for (std::string_view line; reader.next(line);) parser.take(line);
  fstat(file->get(), &after);
  loaded.stamp = stamp_of(after);
  if (reader.error() != 0) {
    loaded.errors.push_back(path + ": cannot be read: " + std::strerror(reader.error()));
    return loaded;
  }
  if (stamp_of(before) != loaded.stamp) {
    loaded.busy = true;
    loaded.errors.push_back(path + ": was changed while it was read; write a new file and rename it to this name");
    return loaded;
  }
  auto made = parser.finish();
  loaded.table = std::move(made.table);
  loaded.errors = as_lines(path, made.faults);
  if (made.more_faults > 0)
    loaded.errors.push_back(path + ": and " + std::to_string(made.more_faults) + " more errors");
  loaded.warnings = as_lines(path, made.warnings);
  if (loaded.table && loaded.table->size() == 0) loaded.warnings.push_back(path + ": has no entries");
  if (after.st_mode & S_IWOTH) loaded.warnings.push_back(path + ": is writable by all users; chmod o-w");
  return loaded;
}

}  // namespace mailweir
