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
  // `section`: of the scanner in whose place it stands. Until something else is stated it found nothing, and says why.
  explicit StatedScanner(std::string section);

  // "virus=infected", "virus_name=Eicar": a fact and what it shall be.
  Result<void> state(std::string_view fact);

  std::unique_ptr<Scan> begin(const ScanEnvelope&) override;
  const ScanStats& stats() const override { return stats_; }

 private:
  ScanStats stats_;
  ScanAnswer answer_;
};

}  // namespace mailweir
