// SPDX-License-Identifier: BSD-2-Clause
#include "rule/limit.h"

#include "base/duration.h"
#include "base/text.h"

namespace mailweir {

std::string_view to_string(Quantity quantity) {
  switch (quantity) {
    case Quantity::messages: return "messages";
    case Quantity::recipients: return "recipients";
    case Quantity::bytes: return "bytes";
    case Quantity::connections: return "connections";
    case Quantity::open_connections: return "open-connections";
    case Quantity::unknown_recipients: return "unknown-recipients";
    case Quantity::auth_failures: return "auth-failures";
    case Quantity::distinct: return "distinct";
    case Quantity::first_time_recipients: return "first-time-recipients";
    case Quantity::bounces: return "bounces";
  }
  return "?";
}

Result<Window> parse_window(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return Error{"\"" + cleaned(text, false, 60) + "\": " + std::string(why) +
                 "; write \"100/1h\" or, for bytes, \"25MiB/1d\""};
  };
  const auto slash = text.find('/');
  if (slash == text.npos) return wrong("the period is missing");
  const auto max = parse_size(trimmed(text.substr(0, slash)));
  if (!max) return wrong("the maximum is not a number or a size");
  const auto period = parse_duration(trimmed(text.substr(slash + 1)));
  if (!period) return wrong("the period is not a span of time like 30m, 1h, 1d");
  if (period->count() < 1000 || period->count() % 1000 != 0) return wrong("the period must be whole seconds");
  if (*period > std::chrono::hours(24 * 366)) return wrong("the period is longer than a year");
  return Window{*max, std::chrono::duration_cast<std::chrono::seconds>(*period)};
}

Result<std::vector<Window>> parse_windows(std::string_view text) {
  std::vector<Window> windows;
  const auto parts = words(text);
  if (parts.size() == 1 && equal_folded(parts[0], "unlimited")) return windows;
  if (parts.empty()) return Error{"no limit given; write \"200/1h 1000/1d\" or unlimited"};
  for (const auto part : parts) {
    auto window = parse_window(part);
    if (!window) return window.error();
    for (const auto& other : windows)
      if (other.period == window->period)
        return Error{"two limits for the same period " + format_duration(other.period)};
    windows.push_back(*window);
  }
  return windows;
}

std::string to_string(const Window& window) {
  if (window.period.count() == 0) return std::to_string(window.max);
  return std::to_string(window.max) + (window.percent ? "%/" : "/") + format_duration(window.period);
}

std::string in_words(const Window& window, Quantity of) {
  return of == Quantity::bytes ? format_size(window.max) + '/' + format_duration(window.period) : to_string(window);
}

}  // namespace mailweir
