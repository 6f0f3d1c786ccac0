// SPDX-License-Identifier: BSD-2-Clause
#include "app/loss_watch.h"

#include <chrono>

namespace mailweir {
namespace {

constexpr std::chrono::milliseconds patience{1000};

}  // namespace

// A server that does not answer is reported by the one who counts there.
void LossWatch::look() {
  const auto lost = store_.has_lost_all(Deadline::in(patience));
  if (!lost || !*lost) return;
  ++losses_;
  Event("counters-lost")
      .with("store", store_.server())
      .with(
          "what",
          "the server has lost its keys (FLUSHALL, or a restart without its data): limits count from zero, and no key "
          "is blocked any more")
      .to(log_, Severity::warning);
}

}  // namespace mailweir
