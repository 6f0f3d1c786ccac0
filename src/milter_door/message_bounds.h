// SPDX-License-Identifier: BSD-2-Clause
// MessageBounds: what an MTA may bring for one message, and what was over it. Nothing over a bound is kept or looked
// at, and the message is refused or deferred as a whole: judged by a part of it, it would slip past the rules on the
// rest.
//
// Part of a MilterMessage: made anew for each message.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/memory_budget.h"
#include "mail/headers.h"
#include "mail/reply.h"
#include "milter_door/from_bound.h"

namespace mailweir {

struct MilterLimits {
  std::size_t header_bytes = 1 << 20;
  std::size_t recipients = 50'000;
  FromLimits from{};
  std::size_t recipient_bytes = 32 << 20;  // of a message's recipients, as they are counted here
  MemoryBudget* memory = nullptr;          // of all connections; null: unbounded
  std::chrono::milliseconds idle{0};       // how long an MTA may say nothing between commands; 0: as its name wants
};

// The longest packet of an MTA that is read. A header field that is too large must be read, too, so that its message is
// refused: ending the connection would defer it again and again.
std::size_t longest_packet(const MilterLimits& limits);

// What is to be answered to a HELO name over its bound; at MAIL, where every MTA listens.
std::optional<Reply> helo_over_bounds(std::string_view name);

class MessageBounds {
 public:
  MessageBounds(const MilterLimits& limits, const Clock& clock, Log& log)
      : limits_(&limits), clock_(&clock), log_(&log), memory_(limits.memory) {}

  // What is to be answered, if it is over a bound; nothing is kept of it then. 4xx: deferred.
  std::optional<Reply> mail(std::string_view sender);
  // `count`: those that were accepted. `heard`: the MTA waits for the answer. What it does not hear is answered at the
  // end.
  std::optional<Reply> recipient(std::string_view text, std::size_t count, bool heard);
  void header(HeaderList& headers, std::string_view name, std::string_view value);
  // The header is whole: whether the message can be judged at all. `sendmail` as for over_from_limits.
  bool to_be_judged(const HeaderList& headers, std::string_view sendmail);
  std::optional<Reply> at_end(const HeaderList& headers, std::string_view sendmail);

 private:
  Reply no_memory(std::string_view of);
  void keep_for_end(const Reply& reply) {
    if (!at_end_) at_end_ = reply;
  }

  const MilterLimits* limits_;
  const Clock* clock_;
  Log* log_;
  MemoryShare memory_;  // what is kept of the message
  std::size_t recipient_bytes_ = 0;
  std::optional<Reply> at_end_;  // what was over first
  bool from_read_ = false;
};

}  // namespace mailweir
