// SPDX-License-Identifier: BSD-2-Clause
// KeyWatch: what moves keys on from state to state while the daemon runs: writes down those that were found, looks for
// the records of pending ones, retires keys that were replaced, removes those whose overlap is over. Each change is a
// line in the log. One thread; stop() from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/log.h"
#include "base/metric.h"
#include "check/published_key.h"
#include "check/stated_keys.h"
#include "port/dns.h"

namespace mailweir {

struct KeyWatchStats {
  std::atomic<std::uint64_t> looks{0}, activated{0}, retired{0}, removed{0};
  std::atomic<std::uint64_t> pending{0};  // now, of all nodes that share the states
};
inline constexpr Metric<KeyWatchStats> key_watch_metrics[] = {
    {"looks", as_counter("mailweir_key_looks_total", "Times the record of a pending signing key was looked for"),
     via<&KeyWatchStats::looks>},
    {"activated", as_counter("mailweir_keys_activated_total", "Signing keys that became active"),
     via<&KeyWatchStats::activated>},
    {"retired", as_counter("mailweir_keys_retired_total", "Signing keys that were replaced and sign no more"),
     via<&KeyWatchStats::retired>},
    {"removed", as_counter("mailweir_keys_removed_total", "Retired signing keys that were removed"),
     via<&KeyWatchStats::removed>},
    {"pending", as_gauge("mailweir_keys_pending", "Signing keys that wait for their records to be published"),
     via<&KeyWatchStats::pending>},
};

class KeyWatch {
 public:
  static constexpr std::size_t most_of_a_step = 4;

  // `fresh`: without a cache of our own. `ask`: one authoritative server. All must outlive it.
  KeyWatch(dns::Resolver& fresh, AskServer ask, const Clock& clock, Log& log)
      : fresh_(fresh), ask_(std::move(ask)), clock_(clock), log_(log) {}

  // Looks after at most `most_of_a_step` keys. `keys` may be another object next time.
  void step(StatedKeys& keys);
  // A step that is under way asks no further server, and one that comes does nothing.
  void stop() { stopped_ = true; }
  const KeyWatchStats& stats() const { return stats_; }

 private:
  Result<void> work(StatedKeys& keys);
  Result<void> look(StatedKeys& keys, const KeyStateRow& row);
  Result<void> retire(KeyStates& states, const std::vector<KeyStateRow>& rows);
  Result<void> remove(StatedKeys& keys, const KeyStateRow& row);
  void tell(const KeyStateRow& row, std::string_view state, std::string_view reason = {}) const;

  dns::Resolver& fresh_;
  const AskServer ask_;
  const Clock& clock_;
  Log& log_;
  KeyWatchStats stats_;
  std::atomic<bool> stopped_{false};
  SteadyTime count_next_{};
  std::string told_;  // what is wrong with the store, as it was logged
};

}  // namespace mailweir
