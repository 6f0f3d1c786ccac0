// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/stated_scanner.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "base/thousandths.h"

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
  answer_.status = is_of_spam() ? ScanStatus::unscanned : ScanStatus::clean;
  answer_.why = stats_.scanner + " was not asked; --fact " + (is_of_spam() ? "spam_score=N" : "virus=WORD") +
                " states what it says";
}

Result<void> StatedScanner::state(std::string_view fact) {
  const auto equals = std::min(fact.find('='), fact.size());
  const auto name = fact.substr(0, equals), value = fact.substr(std::min(equals + 1, fact.size()));
  if (is_of_spam()) return state_spam(name, value);
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

Result<void> StatedScanner::state_spam(std::string_view name, std::string_view value) {
  answer_.status = ScanStatus::clean;
  answer_.why = "stated";
  if (name == "spam_score") {
    if (const auto score = parse_thousandths(value)) {
      answer_.score = static_cast<double>(*score) / 1000;
      return {};
    }
    if (value == "temperror") {
      answer_.status = ScanStatus::temperror;
      return {};
    }
  } else if (name == "spam_action" && !value.empty()) {
    answer_.action = value;
    return {};
  } else if (name == "spam_symbols" && !value.empty()) {
    for (const auto symbol : split(value, ',')) answer_.symbols.emplace_back(trimmed(symbol));
    return {};
  }
  return Error{"--fact " + cleaned(name, true, 60) +
               ": write spam_score=N, spam_score=temperror, spam_action=WORDS or spam_symbols=NAME,NAME"};
}

std::unique_ptr<Scan> StatedScanner::begin(const ScanEnvelope&) { return std::make_unique<StatedScan>(answer_); }

}  // namespace mailweir
