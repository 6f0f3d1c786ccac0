// SPDX-License-Identifier: BSD-2-Clause
// TimedScanner: passes a message on to a scanner, and notes what that cost: for explain --scan. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "port/scanner.h"

namespace mailweir {

struct TimedScan {
  std::string scanner;      // its section in the policy file
  std::uint64_t bytes = 0;  // that it was handed
  bool answered = false;    // else its answer was not waited for
  ScanAnswer answer;
};

class TimedScanner final : public Scanner {
 public:
  // Both outlive it.
  TimedScanner(Scanner& of, std::vector<TimedScan>& scans) : of_(of), scans_(scans) {}

  std::unique_ptr<Scan> begin(const ScanEnvelope& envelope) override;
  const ScanStats& stats() const override { return of_.stats(); }

 private:
  Scanner& of_;
  std::vector<TimedScan>& scans_;
};

// A line for each: "  clamd  infected: Test.Eicar  3120 bytes, 2140 us after the end of the message".
std::string scan_lines(const std::vector<TimedScan>& scans);

}  // namespace mailweir
