// SPDX-License-Identifier: BSD-2-Clause
// LogFollower: reads the mail server's log on, and hands on what it says of messages. One thread reads; any may ask for
// the numbers. What it is made with outlives it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "adapter/follow/log_source.h"
#include "base/log.h"
#include "base/metric.h"
#include "delivery/accepted_messages.h"
#include "engine/bounce_count.h"

namespace mailweir {

class LogFollower {
 public:
  LogFollower(std::unique_ptr<LogSource> source, const AcceptedMessages& messages, BounceCount& bounces, Log& log)
      : source_(std::move(source)), messages_(messages), bounces_(bounces), log_(log) {}

  // What has come since; at most some seconds' work.
  void read();

  const LogSourceStats& source() const { return source_->stats(); }
  const BounceStats& bounces() const { return bounces_.stats(); }
  AcceptedMessagesStats messages() const { return messages_.stats(); }
  std::uint64_t understood() const { return understood_; }
  bool working() const { return working_; }

 private:
  void note_trouble(const std::string& reason);

  const std::unique_ptr<LogSource> source_;
  const AcceptedMessages& messages_;
  BounceCount& bounces_;
  Log& log_;
  std::atomic<std::uint64_t> understood_{0};
  std::atomic<bool> working_{true};
};

inline constexpr Metric<LogFollower> follow_metrics[] = {
    {"working", as_gauge("mailweir_follow_working", "Whether the mail server's log can be read"),
     [](const LogFollower& of) -> Reading { return of.working() ? 1 : 0; }},
    {"lines", as_counter("mailweir_follow_lines_total", "Lines of the mail server's log that were read"),
     [](const LogFollower& of) -> Reading { return of.source().lines.load(); }},
    {"understood",
     as_counter("mailweir_follow_understood_total", "Lines of the mail server's log about a message in its queue"),
     via<&LogFollower::understood>},
    {"too_long", as_counter("mailweir_follow_too_long_total", "Lines of the mail server's log that were too long"),
     [](const LogFollower& of) -> Reading { return of.source().too_long.load(); }},
    {"behind", as_gauge("mailweir_follow_behind_bytes", "Bytes of the mail server's log that are not read yet"),
     [](const LogFollower& of) -> Reading { return of.source().behind.load(); }},
    {"lost", as_counter("mailweir_follow_lost_total", "Times that lines of the mail server's log were missed"),
     [](const LogFollower& of) -> Reading { return of.source().lost.load(); }},
    {"messages", as_gauge("mailweir_follow_messages", "Accepted messages that are remembered"),
     [](const LogFollower& of) -> Reading { return of.messages().messages; }},
    {"bytes", as_gauge("mailweir_follow_messages_bytes", "Memory for remembered messages, about"),
     [](const LogFollower& of) -> Reading { return of.messages().bytes; }},
    {"forgotten",
     as_counter("mailweir_follow_forgotten_total", "Messages that were forgotten too early, for want of room"),
     [](const LogFollower& of) -> Reading { return of.messages().forgotten; }},
};

}  // namespace mailweir
