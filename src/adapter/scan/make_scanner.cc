// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/make_scanner.h"

#include <utility>

#include "adapter/scan/scan_job.h"

namespace mailweir {
namespace {

void count(ScanStats& stats, const ScanAnswer* answer) {
  if (answer == nullptr) {
    ++stats.broken_off;
    return;
  }
  switch (answer->status) {
    case ScanStatus::clean: ++stats.clean; break;
    case ScanStatus::found: ++stats.found; break;
    case ScanStatus::unscanned: ++stats.unscanned; break;
    case ScanStatus::temperror: ++stats.temperror; break;
  }
  stats.milliseconds += static_cast<std::uint64_t>(answer->took.count() / 1000);
}

class LiveScan final : public Scan {
 public:
  LiveScan(ScanLoop& loop, ScanStats& stats, std::shared_ptr<ScanFeed> feed, std::shared_ptr<ScanJob> job)
      : loop_(loop), stats_(stats), feed_(std::move(feed)), job_(std::move(job)) {
    ++stats_.scans;
    loop_.nudge(job_);
  }
  ~LiveScan() override {
    count(stats_, answer_);
    if (feed_->break_off()) loop_.nudge(job_);
  }

  void write(std::string_view bytes) override {
    stats_.bytes += bytes.size();
    if (feed_->write(bytes)) loop_.nudge(job_);
  }
  void end() override {
    if (feed_->end(loop_.clock().steady())) loop_.nudge(job_);
  }
  const ScanAnswer* answer(Deadline deadline) override { return answer_ = feed_->wait(deadline); }

 private:
  ScanLoop& loop_;
  ScanStats& stats_;
  const std::shared_ptr<ScanFeed> feed_;
  const std::shared_ptr<ScanJob> job_;
  const ScanAnswer* answer_ = nullptr;
};

class LiveScanner final : public Scanner {
 public:
  LiveScanner(ScannerSettings settings, ScanProtocolMaker protocol, ScanLoop& loop, HeldRoom& room, Log& log)
      : largest_(settings.largest), loop_(loop), room_(room), stats_(settings.name),
        setting_(std::make_shared<ScanSetting>(
            ScanSetting{std::move(protocol), settings.deadline,
                        ScanServers(std::move(settings.name), std::move(settings.servers), log)})) {}

  std::unique_ptr<Scan> begin(const ScanEnvelope& envelope) override {
    auto feed = std::make_shared<ScanFeed>(room_, largest_);
    auto job = std::make_shared<ScanJob>(setting_, feed, envelope);
    return std::make_unique<LiveScan>(loop_, stats_, std::move(feed), std::move(job));
  }
  const ScanStats& stats() const override { return stats_; }

 private:
  const std::uint64_t largest_;
  ScanLoop& loop_;
  HeldRoom& room_;
  ScanStats stats_;
  const std::shared_ptr<ScanSetting> setting_;
};

}  // namespace

std::unique_ptr<Scanner> make_scanner(ScannerSettings settings, ScanProtocolMaker protocol, ScanLoop& loop,
                                      HeldRoom& room, Log& log) {
  return std::make_unique<LiveScanner>(std::move(settings), std::move(protocol), loop, room, log);
}

}  // namespace mailweir
