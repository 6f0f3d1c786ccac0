// SPDX-License-Identifier: BSD-2-Clause
#include "app/log_follower.h"

#include "delivery/log_line.h"

namespace mailweir {
namespace {

constexpr int most_turns = 16;  // of one call; it is called again soon

}  // namespace

void LogFollower::read() {
  for (int turn = 0; turn < most_turns; ++turn) {
    const auto more = source_->read([this](std::string_view program, std::string_view text) {
      const auto event = program.empty() ? read_log_line(text) : read_log_message(program, text);
      if (!event) return;
      ++understood_;
      bounces_.happened(*event);
    });
    if (const std::string what = source_->missed(); !what.empty())
      Event("mail-log-missed").with("reason", what).to(log_, Severity::warning);
    if (!more) return note_trouble(more.error().what);
    if (const auto saved = source_->save(); !saved) return note_trouble(saved.error().what);
    if (!working_.exchange(true)) Event("mail-log-read").to(log_, Severity::notice);
    if (!*more) return;
  }
}

void LogFollower::note_trouble(const std::string& reason) {
  if (working_.exchange(false)) Event("mail-log-not-read").with("reason", reason).to(log_, Severity::error);
}

}  // namespace mailweir
