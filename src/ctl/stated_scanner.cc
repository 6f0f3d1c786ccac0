// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/stated_scanner.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::array<std::pair<std::string_view, ScanStatus>, 4> virus_words{{{"clean", ScanStatus::clean},
                                                                              {"infected", ScanStatus::found},
                                                                              {"unscanned", ScanStatus::unscanned},
                                                                              {"temperror", ScanStatus::temperror}}};

class StatedScan final : public Scan {
 public:
  explicit StatedScan(const ScanAnswer& answer) : answer_(answer) {}
  void write(std::string_view) override {}
  void end() override {}
  const ScanAnswer* answer(Deadline) override { return &answer_; }

 private:
  const ScanAnswer answer_;
};

}  // namespace

StatedScanner::StatedScanner(std::string section) : stats_(std::move(section)) {
  answer_.status = ScanStatus::clean;
  answer_.why = stats_.scanner + " was not asked; --fact virus=WORD states what it says";
}

Result<void> StatedScanner::state(std::string_view fact) {
  const auto equals = std::min(fact.find('='), fact.size());
  const auto name = fact.substr(0, equals), value = fact.substr(std::min(equals + 1, fact.size()));
  if (name == "virus_name" && !value.empty()) {
    answer_.status = ScanStatus::found;
    answer_.name = value;
    answer_.why.clear();
    return {};
  }
  for (const auto& [word, status] : virus_words) {
    if (name != "virus" || value != word) continue;
    answer_.status = status;
    answer_.why = "stated";
    if (status == ScanStatus::found && answer_.name.empty()) answer_.name = "Stated.Virus";
    return {};
  }
  return Error{"--fact " + cleaned(fact, true, 60) +
               ": write virus=clean, virus=infected, virus=unscanned, virus=temperror or virus_name=NAME"};
}

std::unique_ptr<Scan> StatedScanner::begin(const ScanEnvelope&) { return std::make_unique<StatedScan>(answer_); }

}  // namespace mailweir
