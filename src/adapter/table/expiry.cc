// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table/expiry.h"

#include <algorithm>
#include <cstring>
#include <ctime>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::string_view word = "until=";
constexpr char mark = '\x01';
constexpr std::size_t prefix_size = 1 + sizeof(std::int64_t);

std::int64_t seconds_of(WallTime time) {
  return time == WallTime::max() ? INT64_MAX
                                 : std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}
WallTime time_of(std::int64_t seconds) {
  return seconds == INT64_MAX ? WallTime::max() : WallTime(std::chrono::seconds(seconds));
}

// Reads digits and fixed signs: "####-##-##".
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  int number(std::size_t digits) {
    if (text_.size() < digits) return fail();
    const auto value = to_number(text_.substr(0, digits));
    if (!value) return fail();
    text_.remove_prefix(digits);
    return static_cast<int>(*value);
  }
  bool sign(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void need(char c) {
    if (!sign(c)) fail();
  }
  bool at_end() const { return text_.empty(); }
  bool good() const { return good_; }
  int fail() {
    good_ = false;
    return 0;
  }

 private:
  std::string_view text_;
  bool good_ = true;
};

std::optional<WallTime> parse_time(std::string_view text) {
  Cursor cursor(text);
  std::tm parts{};
  const int year = cursor.number(4);
  cursor.need('-');
  const int month = cursor.number(2);
  cursor.need('-');
  const int day = cursor.number(2);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!cursor.good() || !date.ok() || year < 1970 || year > 2200) return {};
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  parts.tm_mday = day;
  parts.tm_isdst = -1;
  if (cursor.at_end()) {
    ++parts.tm_mday;  // to the end of that day
    return WallTime(std::chrono::seconds(std::mktime(&parts)));
  }
  cursor.need('T');
  parts.tm_hour = cursor.number(2);
  cursor.need(':');
  parts.tm_min = cursor.number(2);
  if (cursor.sign(':')) parts.tm_sec = cursor.number(2);
  if (!cursor.good() || parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 59) return {};
  if (cursor.at_end()) return WallTime(std::chrono::seconds(std::mktime(&parts)));
  std::chrono::minutes offset{0};
  if (!cursor.sign('Z')) {
    const bool east = cursor.sign('+');
    if (!east) cursor.need('-');
    const int hours = cursor.number(2);
    cursor.need(':');
    const int minutes = cursor.number(2);
    if (hours > 23 || minutes > 59) return {};
    offset = std::chrono::minutes(hours * 60 + minutes) * (east ? 1 : -1);
  }
  if (!cursor.good() || !cursor.at_end()) return {};
  return WallTime(std::chrono::seconds(timegm(&parts))) - offset;
}

}  // namespace

Result<EntryText> take_until(std::string_view text) {
  text = trimmed(text);
  const auto blank = text.find_last_of(" \t");
  const auto last = blank == text.npos ? text : text.substr(blank + 1);
  if (!last.starts_with(word)) return EntryText{text, {}};
  const auto until = parse_time(last.substr(word.size()));
  if (!until)
    return Error{"\"" + cleaned(last, false, 60) +
                 "\" is not a time; write until=2026-12-31 (to the end of that day), until=2026-12-31T18:00 or "
                 "until=2026-12-31T18:00:00Z"};
  return EntryText{trimmed(text.substr(0, text.size() - last.size())), until};
}

std::string to_text(WallTime until) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(until);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts));
}

std::string with_expiry(std::string_view value, WallTime until) {
  const std::int64_t seconds = seconds_of(until);
  std::string stored(prefix_size, mark);
  std::memcpy(stored.data() + 1, &seconds, sizeof seconds);
  return stored += value;
}

bool looks_expiring(std::string_view value) { return !value.empty() && value.front() == mark; }

std::string_view without_expiry(std::string_view stored) {
  return looks_expiring(stored) ? stored.substr(prefix_size) : stored;
}

std::optional<WallTime> expiry_of(std::string_view stored) {
  if (!looks_expiring(stored)) return {};
  std::int64_t seconds = 0;
  std::memcpy(&seconds, stored.data() + 1, sizeof seconds);
  return time_of(seconds);
}

ExpiringRanges::ExpiringRanges(std::vector<Entry> entries) {
  // Outer networks before those in them, so that a stack holds the ones around.
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.network.address() != b.network.address() ? a.network.address() < b.network.address()
                                                      : a.network.prefix() < b.network.prefix();
  });
  std::vector<NetworkEntry> networks;
  std::vector<std::pair<Network, std::uint32_t>> around;
  for (const Entry& entry : entries) {
    if (!networks.empty() && networks.back().network == entry.network) {
      nodes_.back().until = std::max(nodes_.back().until, entry.until);
      continue;
    }
    while (!around.empty() && !around.back().first.contains(entry.network.address())) around.pop_back();
    nodes_.push_back({entry.value, entry.until, around.empty() ? 0 : around.back().second});
    networks.push_back({entry.network, 0, nodes_.size()});
    around.emplace_back(entry.network, static_cast<std::uint32_t>(nodes_.size()));
  }
  std::vector<SameKey> none;
  ranges_ = AddressRanges(networks, none);
}

std::optional<std::uint64_t> ExpiringRanges::find(const IpAddress& address, WallTime now) const {
  const auto found = ranges_.find(address);
  if (!found) return {};
  for (auto at = static_cast<std::uint32_t>(*found); at != 0; at = nodes_[at - 1].parent)
    if (now < nodes_[at - 1].until) return nodes_[at - 1].value;
  return {};
}

}  // namespace mailweir
