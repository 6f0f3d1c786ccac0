// SPDX-License-Identifier: BSD-2-Clause
// How spans of time, sizes and rates are written in the policy file, in replies and in log lines.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

// "100ms" "30s" "5m" "1h" "1d" "1w", also "1h30m"; a bare number has no unit and is nothing.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// The shortest of the same words that says it exactly down to a second: "1d", "1h30m", "90ms"; zero is "0s".
std::string format_duration(std::chrono::milliseconds span);
// For people: rounded up to seconds below two minutes, to minutes below two hours, to hours beyond, in the largest unit
// that says that: "45s", "2m", "13m", "2h", "5h", "1d".
std::string rough_duration(std::chrono::milliseconds span);

// Bytes: "1234", "10kB" "25MB" "1GB" (powers of 1000), "10KiB" "25MiB" "1GiB" (powers of 1024).
std::optional<std::uint64_t> parse_size(std::string_view text);
// The shortest that parse_size() reads as the same: "25MiB", "100GB", "1000".
std::string format_size(std::uint64_t bytes);

}  // namespace mailweir
