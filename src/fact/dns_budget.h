// SPDX-License-Identifier: BSD-2-Clause
// DnsBudget: how long a transaction may wait for the DNS at each part of it, out of [dns] deadline. A stranger chooses
// names that are asked early (of his address, his HELO, his sender) and may let their servers be silent. What a later
// part of the transaction asks, the author's DMARC record above all, must still find time. Pure.
#pragma once

#include <algorithm>
#include <chrono>

#include "mail/stage.h"

namespace mailweir {

class DnsBudget {
 public:
  enum class Part { session, envelope, message };  // connect to auth; mail to data; end-of-message
  static constexpr Part part_of(Stage stage) {
    return stage < Stage::mail ? Part::session : stage < Stage::end_of_message ? Part::envelope : Part::message;
  }

  // `envelope`, `message`: whether these parts ask the DNS for what is known only then.
  DnsBudget(std::chrono::milliseconds deadline = std::chrono::seconds(5), bool envelope = false, bool message = false)
      : deadline_(deadline), envelope_(envelope), message_(message) {}

  // What a part that asks has at least, whatever was waited before it: a third of the deadline, or 1 s if that is more.
  std::chrono::milliseconds kept() const {
    return std::min(deadline_, std::max<std::chrono::milliseconds>(std::chrono::seconds(1), deadline_ / 3));
  }

  // How long a part may still wait. `before`: how long the parts before it have waited; `within`: it itself so far.
  // Together they wait for the deadline, and where that is under 3 s for a second or two more; one part never for more
  // than the deadline.
  std::chrono::microseconds left(Part part, std::chrono::microseconds before, std::chrono::microseconds within) const {
    const int later = (part < Part::envelope && envelope_ ? 1 : 0) + (part < Part::message && message_ ? 1 : 0);
    const auto most = std::max<std::chrono::microseconds>(deadline_ - later * kept(), deadline_ / (later + 1)) - before;
    const bool asks = (part == Part::envelope && envelope_) || (part == Part::message && message_);
    return std::max(std::chrono::microseconds(0),
                    (asks ? std::max<std::chrono::microseconds>(most, kept()) : most) - within);
  }

 private:
  std::chrono::milliseconds deadline_;
  bool envelope_, message_;
};

}  // namespace mailweir
