// SPDX-License-Identifier: BSD-2-Clause
#include "base/duration.h"

#include <array>
#include <limits>
#include <utility>

#include "base/text.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> units{
    {{"w", 604'800'000}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::int64_t longest = 10LL * 366 * 86'400'000;  // ten years: enough for any window, far from overflow

std::size_t digits_in(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  return count;
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  if (text.empty()) return {};
  std::int64_t total = 0;
  std::size_t next_unit = 0;  // units may only get smaller: "1h30m", not "30m1h"
  while (!text.empty()) {
    const auto digits = digits_in(text);
    const auto number = to_number(text.substr(0, digits));
    if (!number) return {};
    text.remove_prefix(digits);
    std::size_t letters = 0;
    while (letters < text.size() && (text[letters] < '0' || text[letters] > '9')) ++letters;
    const auto unit = text.substr(0, letters);
    text.remove_prefix(letters);
    while (next_unit < units.size() && units[next_unit].first != unit) ++next_unit;
    if (next_unit == units.size()) return {};
    const auto scale = units[next_unit++].second;
    if (*number > static_cast<std::uint64_t>(longest / scale)) return {};
    total += static_cast<std::int64_t>(*number) * scale;
    if (total > longest) return {};
  }
  return milliseconds(total);
}

std::string format_duration(milliseconds span) {
  auto left = span.count();
  if (left <= 0) return "0s";
  std::string text;
  for (const auto& [unit, scale] : units) {
    if (unit == "w" && left % scale != 0) continue;  // "8d", not "1w1d"
    if (left < scale) continue;
    text += std::to_string(left / scale);
    text += unit;
    left %= scale;
  }
  return text;
}

std::string rough_duration(milliseconds span) {
  const auto up = [&](std::int64_t scale) { return (span.count() + scale - 1) / scale * scale; };
  std::int64_t rounded = up(3'600'000);
  if (span.count() <= 120'000) rounded = up(1'000);
  else if (span.count() <= 7'200'000) rounded = up(60'000);
  for (const auto& [unit, scale] : units)
    if (unit != "w" && rounded >= scale && rounded % scale == 0)
      return std::to_string(rounded / scale) + std::string(unit);
  return "0s";
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 9> scales{{{"", 1},
                                                                              {"B", 1},
                                                                              {"kB", 1'000},
                                                                              {"KB", 1'000},
                                                                              {"MB", 1'000'000},
                                                                              {"GB", 1'000'000'000},
                                                                              {"KiB", 1ULL << 10},
                                                                              {"MiB", 1ULL << 20},
                                                                              {"GiB", 1ULL << 30}}};
  const auto digits = digits_in(text);
  const auto number = to_number(text.substr(0, digits));
  if (!number) return {};
  const auto unit = trimmed(text.substr(digits));
  for (const auto& [name, scale] : scales) {
    if (name != unit) continue;
    if (*number > std::numeric_limits<std::int64_t>::max() / scale) return {};
    return *number * scale;
  }
  return {};
}

std::string format_size(std::uint64_t bytes) {
  using Scale = std::pair<std::uint64_t, std::string_view>;
  std::string shortest = std::to_string(bytes);
  for (const auto& [scale, name] :
       {Scale{1ULL << 30, "GiB"}, {1ULL << 20, "MiB"}, {1ULL << 10, "KiB"}, {1'000'000'000, "GB"}, {1'000'000, "MB"}}) {
    if (bytes == 0 || bytes % scale != 0) continue;
    auto text = std::to_string(bytes / scale) + std::string(name);
    if (text.size() < shortest.size() || (text.size() == shortest.size() && shortest.back() != 'B'))
      shortest = std::move(text);
  }
  return shortest;
}

}  // namespace mailweir
