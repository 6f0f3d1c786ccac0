// SPDX-License-Identifier: BSD-2-Clause
// Stage: the step of the SMTP dialogue at which rules are asked. Ordered: a fact known at one is known at all later
// ones. `auth` is asked at the http door alone, by the server that checks passwords: no mail server asks about it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace mailweir {

enum class Stage { connect, helo, auth, mail, rcpt, data, end_of_message };

inline constexpr std::size_t stage_count = 7;
inline constexpr std::array<Stage, stage_count> all_stages{
    Stage::connect, Stage::helo, Stage::auth, Stage::mail, Stage::rcpt, Stage::data, Stage::end_of_message};
constexpr std::size_t index(Stage stage) { return static_cast<std::size_t>(stage); }

constexpr std::string_view to_string(Stage stage) {
  constexpr std::array<std::string_view, stage_count> names{"connect", "helo", "auth",          "mail",
                                                            "rcpt",    "data", "end-of-message"};
  return names[index(stage)];
}
constexpr std::optional<Stage> parse_stage(std::string_view name) {
  for (const Stage stage : all_stages)
    if (to_string(stage) == name) return stage;
  return {};
}

enum class Door { milter, policy, http };
constexpr std::string_view to_string(Door door) {
  return door == Door::milter ? "milter" : door == Door::policy ? "policy" : "http";
}

}  // namespace mailweir
