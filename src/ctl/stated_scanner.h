// SPDX-License-Identifier: BSD-2-Clause
// StatedScanner: says of each message what an admin stated, and reads none of it: explain asks no scanner. One thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "port/scanner.h"

namespace mailweir {

class StatedScanner final : public Scanner {
 public:
  // `section`: of the scanner in whose place it stands. Until something else is stated it found nothing, and says why;
  // of spam nothing is known.
  explicit StatedScanner(std::string section);

  // "virus=infected", "virus_name=Eicar": a fact and what it shall be. Of a spam scanner "spam_score=6.5",
  // "spam_action=reject", "spam_symbols=A,B".
  Result<void> state(std::string_view fact);

  std::unique_ptr<Scan> begin(const ScanEnvelope&) override;
  const ScanStats& stats() const override { return stats_; }

 private:
  bool is_of_spam() const { return stats_.scanner != "clamd"; }
  Result<void> state_spam(std::string_view name, std::string_view value);

  ScanStats stats_;
  ScanAnswer answer_;
};

}  // namespace mailweir
