// SPDX-License-Identifier: BSD-2-Clause
// Tally: the run's clock and its sums: when measuring begins and ends, answers by kind, latencies, what the server
// used.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "options.h"
#include "process_meter.h"

namespace mailweir::bench {

class Tally {
 public:
  // `what`: "messages" or "requests", for the print-out.
  Tally(const LoadOptions& options, std::string_view what);

  // To be called now and then; false when the run is over.
  bool go_on(SteadyTime now);
  // One is finished. Kinds that are not expected make the run fail, in the warm-up too.
  void finished(std::string_view kind, SteadyTime began, SteadyTime now);
  // Something broke: counted as unexpected; the first few are printed as they were.
  void failed(std::string_view what);
  // Whether another one may be begun (--count).
  bool may_begin();
  // Prints the numbers. The exit code: 0, or 1 after an unexpected answer, or when nothing was measured.
  int report();

 private:
  double milliseconds_at(double share);
  void begin(SteadyTime now);
  void end(SteadyTime now);
  void print_text(double seconds);
  void print_json(double seconds);

  const LoadOptions& options_;
  std::string what_;
  SteadyTime started_, measure_from_, over_at_;
  SteadyTime began_{}, ended_{};
  bool measuring_ = false, over_ = false;
  Usage before_, after_;
  double own_before_ = 0, own_cpu_ = 0;
  std::uint64_t begun_ = 0, done_ = 0, measured_ = 0, unexpected_ = 0, failures_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> answers_;
  std::vector<std::uint32_t> microseconds_;
};

}  // namespace mailweir::bench
