// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/counter_file.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/text.h"
#include "port/window_state.h"

namespace mailweir {
namespace {

constexpr std::string_view first_line = "mailweir-counters 2\n", first_line_before = "mailweir-counters 1\n";
constexpr std::string_view of_strangers = "s ";
constexpr std::uint64_t fnv_start = 0xcbf2'9ce4'8422'2325, fnv_prime = 0x100'0000'01b3;
constexpr std::size_t longest_line =
    3 * (longest_counter_name + 2 * longest_block_reason) + 1024;  // every byte escaped, and 31 cells
constexpr std::size_t read_at_once = 65536;

std::uint64_t fnv(std::uint64_t sum, std::string_view text) {
  for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * fnv_prime;
  return sum;
}

Error trouble(const std::string& path, std::string_view what, int error) {
  return Error{path + ": " + std::string(what) + ": " + std::strerror(error)};
}

void append_number(std::string& to, std::uint64_t number, int base = 10) {
  char digits[20];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, number, base).ptr);
}

void append_name(std::string& to, std::string_view name) {
  constexpr char digits[] = "0123456789abcdef";
  to += " =";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && byte != '%') to += c;
    else ((to += '%') += digits[byte >> 4]) += digits[byte & 15];
  }
}

std::optional<unsigned> from_hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

std::optional<std::string> parse_name(std::string_view text) {
  if (!text.starts_with('=')) return std::nullopt;
  std::string name;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '%') {
      name += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = from_hex(text[i + 1]), low = from_hex(text[i + 2]);
    if (!high || !low) return std::nullopt;
    name += static_cast<char>(*high << 4 | *low);
    i += 2;
  }
  return name;
}

// A counter's line, without its end.
struct Parsed {
  std::string limit, key;
  CounterRecord record;
};

bool parse_cell(std::string_view text, CounterRecord& record, std::uint64_t& total) {
  const auto colon = text.find(':');
  if (colon == text.npos) return false;
  const auto age = to_number(text.substr(0, colon)), count = to_number(text.substr(colon + 1));
  if (!age || !count || *age >= record.ages.size() || *count == 0 || *count > ring::most_count - total) return false;
  if (record.ages[*age] != 0) return false;
  record.ages[*age] = *count;
  total += *count;
  return true;
}

std::optional<Parsed> parse_line(std::string_view line) {
  const std::vector<std::string_view> parts = split(line, ' ');
  if (parts.size() < 4 || parts.size() > 4 + ring::cells) return std::nullopt;
  const auto period = to_number(parts[0]), head = to_number(parts[3]);
  auto limit = parse_name(parts[1]), key = parse_name(parts[2]);
  if (!period || !head || !limit || !key || limit->size() + key->size() > longest_counter_name) return std::nullopt;
  if (*period < 1 || *period > static_cast<std::uint64_t>(longest_period.count())) return std::nullopt;
  // The head is a slot of its period: its time is bounded, so that no sum of slots and periods goes out of its type.
  if (*head > static_cast<std::uint64_t>(ring::slot_at(ring::most_count, static_cast<std::int64_t>(*period) * 1000)))
    return std::nullopt;
  Parsed parsed{*std::move(limit), *std::move(key), {}};
  parsed.record.period = static_cast<std::uint32_t>(*period);
  parsed.record.head = static_cast<std::int64_t>(*head);
  std::uint64_t total = 0;
  for (std::size_t i = 4; i < parts.size(); ++i) {
    if (!parse_cell(parts[i], parsed.record, total)) return std::nullopt;
  }
  return parsed;
}

// A block's line: without its end, and its first word.
std::optional<std::pair<Block, std::int64_t>> parse_block(std::string_view line) {
  const std::vector<std::string_view> parts = split(line, ' ');
  if (parts.size() != 6) return std::nullopt;
  auto limit = parse_name(parts[1]), key = parse_name(parts[2]), rule = parse_name(parts[3]),
       reason = parse_name(parts[4]);
  const auto end = to_number(parts[5]);
  if (!limit || !key || !rule || !reason || !end || *end > ring::most_count) return std::nullopt;
  Block block{*std::move(limit), *std::move(key), *std::move(rule), *std::move(reason), std::chrono::milliseconds(1)};
  if (!check_block(block)) return std::nullopt;
  return std::pair(std::move(block), static_cast<std::int64_t>(*end));
}

// A value's line, without its end.
struct ParsedValue {
  std::string limit, key, member;
  std::uint32_t period;
  std::int64_t at;
};

std::optional<ParsedValue> parse_value(std::string_view line) {
  const std::vector<std::string_view> parts = split(line, ' ');
  if (parts.size() != 6) return std::nullopt;
  auto limit = parse_name(parts[1]), key = parse_name(parts[2]), member = parse_name(parts[3]);
  const auto period = to_number(parts[4]), at = to_number(parts[5]);
  if (!limit || !key || !member || !period || !at || limit->size() + key->size() > longest_counter_name ||
      member->empty())
    return std::nullopt;
  if (member->size() > longest_value || *period > static_cast<std::uint64_t>(longest_period.count()) ||
      *at > ring::most_count)
    return std::nullopt;
  return ParsedValue{*std::move(limit), *std::move(key), *std::move(member), static_cast<std::uint32_t>(*period),
                     static_cast<std::int64_t>(*at)};
}

// The second line, without its end.
std::optional<CounterFileTime> parse_time(std::string_view line) {
  const std::vector<std::string_view> parts = split(line, ' ');
  if (parts.size() != 3 || parts[0] != "time") return std::nullopt;
  const auto store = to_number(parts[1]), wall = to_number(parts[2]);
  if (!store || !wall || *store > ring::most_count / ring_slots || *wall > ring::most_count / ring_slots)
    return std::nullopt;
  return CounterFileTime{static_cast<std::int64_t>(*store), static_cast<std::int64_t>(*wall)};
}

std::int64_t changed_at(const struct stat& status) {
  return std::max<std::int64_t>(std::int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1'000'000, 0);
}

// Lines of bounded length, end of line included.
class LineReader {
 public:
  explicit LineReader(int fd) : fd_(fd) {}
  // False at the end of the file, at an error (then errno is not 0), and at a line that is too long or has no end.
  bool next(std::string_view& line) {
    errno = 0;
    for (;;) {
      const auto end = buffer_.find('\n', at_);
      if (end != buffer_.npos) {
        line = std::string_view(buffer_).substr(at_, end + 1 - at_);
        at_ = end + 1;
        return true;
      }
      if (buffer_.size() - at_ > longest_line) return false;
      buffer_.erase(0, std::exchange(at_, 0));
      const std::size_t had = buffer_.size();
      buffer_.resize(had + read_at_once);
      const ssize_t got = ::read(fd_, buffer_.data() + had, read_at_once);
      buffer_.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
      if (got <= 0) return false;
    }
  }
  bool at_end() const { return at_ == buffer_.size(); }

 private:
  int fd_;
  std::string buffer_;
  std::size_t at_ = 0;
};

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

CounterFileWriter::CounterFileWriter(std::string path, std::string temporary, Fd fd, const CounterFileTime& time)
    : path_(std::move(path)), temporary_(std::move(temporary)), buffer_(first_line), fd_(std::move(fd)),
      checksum_(fnv_start) {
  append_number(buffer_ += "time ", static_cast<std::uint64_t>(std::max<std::int64_t>(time.store, 0)));
  append_number(buffer_ += ' ', static_cast<std::uint64_t>(std::max<std::int64_t>(time.wall, 0)));
  buffer_ += '\n';
}

CounterFileWriter::~CounterFileWriter() {
  if (fd_) ::unlink(temporary_.c_str());
}

Result<CounterFileWriter> CounterFileWriter::open(const std::string& path, const CounterFileTime& time) {
  const std::string temporary = path + ".new";
  if (::unlink(temporary.c_str()) != 0 && errno != ENOENT)
    return trouble(temporary, "cannot remove the old one", errno);
  Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return trouble(temporary, "cannot save counters", errno);
  return CounterFileWriter(path, temporary, std::move(fd), time);
}

void CounterFileWriter::add(const CounterRecord& record) {
  if (std::all_of(record.ages.begin(), record.ages.end(), [](std::uint64_t count) { return count == 0; })) return;
  if (record.stranger) buffer_ += of_strangers;
  append_number(buffer_, record.period);
  append_name(buffer_, record.limit);
  append_name(buffer_, record.key);
  append_number(buffer_ += ' ', static_cast<std::uint64_t>(record.head));
  for (std::size_t age = 0; age < record.ages.size(); ++age) {
    if (record.ages[age] == 0) continue;
    append_number(buffer_ += ' ', age);
    append_number(buffer_ += ':', record.ages[age]);
  }
  buffer_ += '\n';
  ++counters_;
}

void CounterFileWriter::add(const Block& block, std::int64_t end) {
  if (block.stranger) buffer_ += of_strangers;
  buffer_ += "block";
  for (const std::string* name : {&block.limit, &block.key, &block.rule, &block.reason}) append_name(buffer_, *name);
  append_number(buffer_ += ' ', static_cast<std::uint64_t>(end));
  buffer_ += '\n';
  ++counters_;
}

void CounterFileWriter::add(const ValueSetName& name, std::string_view member, std::int64_t at) {
  if (CounterRoom::is_stranger(name.owner)) buffer_ += of_strangers;
  buffer_ += "value";
  for (const std::string_view text : {name.limit, name.key, member}) append_name(buffer_, text);
  append_number(buffer_ += ' ', name.period);
  append_number(buffer_ += ' ', static_cast<std::uint64_t>(std::max<std::int64_t>(at, 0)));
  buffer_ += '\n';
  ++counters_;
}

Result<void> CounterFileWriter::flush() {
  checksum_ = fnv(checksum_, buffer_);
  for (std::string_view left = buffer_; !left.empty();) {
    const ssize_t written = ::write(fd_.get(), left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return trouble(temporary_, "cannot save counters", errno);
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
  return {};
}

Result<void> CounterFileWriter::commit() {
  if (auto written = flush(); !written) return written;
  append_number(buffer_ += "end ", counters_);
  append_number(buffer_ += ' ', checksum_, 16);
  buffer_ += '\n';
  if (auto written = flush(); !written) return written;
  if (::fsync(fd_.get()) != 0) return trouble(temporary_, "cannot save counters", errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return trouble(path_, "cannot replace it", errno);
  fd_.reset();
  // The new name too must be on the disk.
  const Fd directory(::open(directory_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return trouble(directory_of(path_), "fsync", errno);
  return {};
}

Result<void> read_counter_file(
    const std::string& path, const std::function<void(const CounterFileTime&)>& use_time,
    const std::function<void(const CounterRecord&)>& use,
    const std::function<void(Block&, std::int64_t end)>& use_block,
    const std::function<void(const ValueSetName&, std::string_view, std::int64_t)>& use_value) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return errno == ENOENT ? Result<void>() : trouble(path, "cannot read saved counters", errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return trouble(path, "cannot read saved counters", errno);
  if (!S_ISREG(status.st_mode)) return Error{path + ": saved counters: not a regular file"};

  LineReader lines(fd.get());
  std::string_view line;
  if (!lines.next(line) || (line != first_line && line != first_line_before)) {
    if (errno != 0) return trouble(path, "cannot read saved counters", errno);
    return Error{path + ": not a file of saved counters (its first line is not \"" +
                 std::string(first_line.substr(0, first_line.size() - 1)) + "\"); move it away to start from zero"};
  }
  const bool has_time = line == first_line;
  std::uint64_t checksum = fnv(fnv_start, line), counters = 0;
  const auto damaged = [&](std::string_view why) {
    return Error{path + ":" + std::to_string(counters + (has_time ? 3 : 2)) +
                 ": saved counters are damaged: " + std::string(why) + "; move the file away to start from zero"};
  };
  CounterFileTime saved{changed_at(status), changed_at(status)};
  if (has_time && lines.next(line)) {
    const auto told = parse_time(line.substr(0, line.size() - 1));
    if (!told)
      return Error{
          path +
          ":2: saved counters are damaged: the time cannot be understood; move the file away to start from zero"};
    saved = *told;
    checksum = fnv(checksum, line);
  }
  use_time(saved);
  while (lines.next(line)) {
    if (line.starts_with("end ")) {
      std::string want = "end ";
      append_number(want, counters);
      append_number(want += ' ', checksum, 16);
      if (line.substr(0, line.size() - 1) != want) return damaged("the checksum is wrong");
      if (lines.next(line) || !lines.at_end()) return damaged("there is data after the end");
      return {};
    }
    checksum = fnv(checksum, line);
    const bool stranger = line.starts_with(of_strangers);
    if (stranger) line.remove_prefix(of_strangers.size());
    if (line.starts_with("block ")) {
      auto block = parse_block(line.substr(0, line.size() - 1));
      if (!block) return damaged("the line cannot be understood");
      block->first.stranger = stranger;
      use_block(block->first, block->second);
      ++counters;
      continue;
    }
    if (line.starts_with("value ")) {
      const auto value = parse_value(line.substr(0, line.size() - 1));
      if (!value) return damaged("the line cannot be understood");
      use_value({value->limit, value->key, value->period, static_cast<CounterRoom::Owner>(stranger)}, value->member,
                value->at);
      ++counters;
      continue;
    }
    auto parsed = parse_line(line.substr(0, line.size() - 1));
    if (!parsed) return damaged("the line cannot be understood");
    parsed->record.limit = parsed->limit;
    parsed->record.key = parsed->key;
    parsed->record.stranger = stranger;
    use(parsed->record);
    ++counters;
  }
  if (errno != 0) return trouble(path, "cannot read saved counters", errno);
  return damaged("the end is missing");
}

}  // namespace mailweir
