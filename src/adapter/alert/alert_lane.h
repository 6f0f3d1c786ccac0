// SPDX-License-Identifier: BSD-2-Clause
// AlertLane: what waits for one receiver, and the thread that sends it: in order, each tried again with longer and
// longer pauses, a bounded number of times. A receiver that hangs does not delay the others. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "adapter/alert/alert_receiver.h"
#include "base/log.h"
#include "base/metric.h"

namespace mailweir {

class AlertLane {
 public:
  static constexpr std::size_t most_waiting = 100;
  static constexpr unsigned most_tries = 10;

  struct Stats {
    std::atomic<std::uint64_t> sent{0}, failed{0}, dropped{0};  // failed: given up; dropped: there was no room
  };

  AlertLane(std::string name, Log& log) : name_(std::move(name)), log_(log) {}
  ~AlertLane();  // ends at once, if it has not ended
  AlertLane(const AlertLane&) = delete;
  AlertLane& operator=(const AlertLane&) = delete;

  // From the next try on; what waits is sent by it. Null: takes nothing more, what waits is sent by the one before.
  void use(AlertReceiverPtr receiver, std::chrono::milliseconds deadline);
  // Without a receiver: nothing.
  void put(const AlertNotice& notice);
  // Takes nothing more; each one that waits is tried once more, until `until`. What could not be sent is counted as
  // failed.
  void end_by(SteadyTime until);
  // Waits for that.
  void join();

  bool used() const;
  std::size_t waiting() const;
  const Stats& stats() const { return stats_; }
  const std::string& name() const { return name_; }

 private:
  void run();
  void send_first(std::unique_lock<std::mutex>& lock);

  const std::string name_;
  Log& log_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  AlertReceiverPtr receiver_;
  std::chrono::milliseconds deadline_{0};
  bool takes_ = false;
  std::deque<AlertNotice> waiting_;
  unsigned tries_ = 0;  // of the first
  std::optional<SteadyTime> stop_at_;
  std::atomic<SteadyTime::rep> give_up_at_{SteadyTime::max().time_since_epoch().count()};
  std::thread thread_;
  Stats stats_;
};

inline constexpr Metric<AlertLane> alert_lane_metrics[] = {
    {as_label("receiver"), via<&AlertLane::name>},
    {"sent", as_counter("mailweir_alerts_sent_total", "Alerts and summaries accepted by a receiver"),
     via<&AlertLane::stats, &AlertLane::Stats::sent>},
    {"failed", as_counter("mailweir_alerts_failed_total", "Alerts and summaries given up"),
     via<&AlertLane::stats, &AlertLane::Stats::failed>},
    {"dropped",
     as_counter("mailweir_alerts_not_queued_total", "Alerts and summaries dropped because a receiver is slow"),
     via<&AlertLane::stats, &AlertLane::Stats::dropped>},
    {"waiting", as_gauge("mailweir_alerts_waiting", "Alerts and summaries waiting for a receiver"),
     via<&AlertLane::waiting>},
};

// How long to wait after so many tries that failed; nothing: not again. 1 s, twice as long each time, at most a minute.
std::optional<std::chrono::milliseconds> pause_after(unsigned tries);

}  // namespace mailweir
