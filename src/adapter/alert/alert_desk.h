// SPDX-License-Identifier: BSD-2-Clause
// AlertDesk: takes alerts from the engine, groups them, and hands them to the receivers, each with a queue and a thread
// of its own. Thread-safe. Without receivers it keeps nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapter/alert/alert_lane.h"
#include "adapter/alert/alert_receiver.h"
#include "base/metric.h"
#include "port/alert.h"
#include "port/alert_receivers.h"

namespace mailweir {

// The receivers made; null: there is none of that kind.
struct MadeReceivers {
  AlertReceiverPtr webhook, command, mail;
  std::chrono::milliseconds group{0}, deadline{0};
};
// `token`: for the webhook, "" for none. `host`: what the alerts say of where they come from.
// Error: what a receiver needs is not installed.
Result<MadeReceivers> make_receivers(const AlertReceivers& wanted, const std::string& token, const std::string& host,
                                     const Clock& clock);

class AlertDesk final : public AlertSink {
 public:
  static constexpr std::size_t most_waiting = 1000;  // alerts that were not looked at yet

  AlertDesk(const Clock& clock, Log& log);
  ~AlertDesk() override;

  // From now on; what waits is sent by these. A kind that is not there any more sends what it still has.
  void use(const MadeReceivers& receivers);
  void raise(Alert alert) override;
  // Sends a test through each receiver, past all queues: its name, and what came of it.
  std::vector<std::pair<std::string, Result<void>>> test();
  // The summary goes, and what waits is tried once more; all of it within `longest`.
  void stop(std::chrono::milliseconds longest);

  std::uint64_t raised() const { return raised_; }
  std::uint64_t dropped() const { return dropped_; }  // raised when there was no room
  std::vector<const AlertLane*> lanes() const;        // those with a receiver

 private:
  void run();
  void hand_out(const std::optional<AlertNotice>& notice);

  const Clock& clock_;
  AlertLane webhook_, command_, mail_;
  std::atomic<bool> used_{false};
  std::atomic<std::uint64_t> raised_{0}, dropped_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Alert> waiting_;
  std::uint64_t untold_ = 0;  // dropped since the last look
  AlertGroup group_{std::chrono::milliseconds(0)};
  MadeReceivers receivers_;
  bool stopping_ = false;
  std::thread thread_;
};

inline constexpr Metric<AlertDesk> alert_metrics[] = {
    {"raised", as_counter("mailweir_alerts_raised_total", "Alerts of rules and limits"), via<&AlertDesk::raised>},
    {"dropped", as_counter("mailweir_alerts_dropped_total", "Alerts dropped before they were queued"),
     via<&AlertDesk::dropped>},
};

}  // namespace mailweir
