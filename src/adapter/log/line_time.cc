// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/log/line_time.h"

#include <cstdio>
#include <ctime>

namespace mailweir {

const std::string& LineTime::text(WallTime now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second != second_) {
    second_ = second;
    const std::time_t whole = std::chrono::system_clock::to_time_t(second);
    std::tm local{};
    localtime_r(&whole, &local);
    const long offset = local.tm_gmtoff / 60, distance = offset < 0 ? -offset : offset;
    char zone[16], date[24];
    std::snprintf(zone, sizeof zone, "%c%02d:%02d", offset < 0 ? '-' : '+', static_cast<int>(distance / 60 % 100),
                  static_cast<int>(distance % 60));
    std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local);
    text_ = date;
    fraction_ = text_.size() + 1;
    text_ += std::string(".000000") + zone;
  }
  auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now - second).count();
  for (std::size_t at = fraction_ + 6; at-- > fraction_; micros /= 10) text_[at] = static_cast<char>('0' + micros % 10);
  return text_;
}

}  // namespace mailweir
