// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/timed_scanner.h"

#include <utility>

#include "base/text.h"
#include "base/thousandths.h"

namespace mailweir {
namespace {

class PassedOn final : public Scan {
 public:
  PassedOn(std::unique_ptr<Scan> scan, std::vector<TimedScan>& scans, std::size_t place)
      : scan_(std::move(scan)), scans_(scans), place_(place) {}

  void write(std::string_view bytes) override {
    scans_[place_].bytes += bytes.size();
    scan_->write(bytes);
  }
  void end() override { scan_->end(); }
  const ScanAnswer* answer(Deadline deadline) override {
    const ScanAnswer* const answer = scan_->answer(deadline);
    if (answer == nullptr) return nullptr;
    scans_[place_].answered = true;
    scans_[place_].answer = *answer;
    return answer;
  }

 private:
  const std::unique_ptr<Scan> scan_;
  std::vector<TimedScan>& scans_;
  const std::size_t place_;
};

std::string said(const TimedScan& scan) {
  if (!scan.answered) return "was not waited for: a rule decided before";
  const ScanAnswer& answer = scan.answer;
  switch (answer.status) {
    case ScanStatus::temperror: return "temperror: " + cleaned(answer.why, false, 300);
    case ScanStatus::unscanned: return "unscanned: " + cleaned(answer.why, false, 300);
    case ScanStatus::clean:
    case ScanStatus::found: break;
  }
  if (answer.score) {
    const auto score = to_thousandths(*answer.score);
    return "score " + (score ? thousandths_text(*score) : std::string("?")) + ", " + cleaned(answer.action, false, 60);
  }
  return answer.status == ScanStatus::clean ? "clean" : "infected: " + cleaned(answer.name, false, 200);
}

}  // namespace

std::unique_ptr<Scan> TimedScanner::begin(const ScanEnvelope& envelope) {
  scans_.push_back({of_.stats().scanner, 0, false, {}});
  return std::make_unique<PassedOn>(of_.begin(envelope), scans_, scans_.size() - 1);
}

std::string scan_lines(const std::vector<TimedScan>& scans) {
  std::string text;
  for (const TimedScan& scan : scans) {
    text += "  " + scan.scanner + "  " + said(scan) + "  " + std::to_string(scan.bytes) + " bytes";
    if (scan.answered) text += ", " + std::to_string(scan.answer.took.count()) + " us after the end of the message";
    text += '\n';
  }
  return text;
}

}  // namespace mailweir
