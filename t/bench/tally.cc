// SPDX-License-Identifier: BSD-2-Clause
#include "tally.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace mailweir::bench {
namespace {

constexpr std::uint64_t failures_printed = 5;

double own_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

Tally::Tally(const LoadOptions& options, std::string_view what)
    : options_(options), what_(what), started_(std::chrono::steady_clock::now()),
      measure_from_(started_ + options.warm_up), over_at_(measure_from_ + options.span) {}

void Tally::begin(SteadyTime now) {
  measuring_ = true;
  began_ = now;
  if (auto usage = usage_of(options_.pids)) before_ = *usage;
  else failed(usage.error().what);
  own_before_ = own_cpu_seconds();
}

void Tally::end(SteadyTime now) {
  over_ = true;
  ended_ = now;
  own_cpu_ = own_cpu_seconds() - own_before_;
  if (auto usage = usage_of(options_.pids)) after_ = *usage;
  else failed(usage.error().what);
}

bool Tally::go_on(SteadyTime now) {
  if (over_) return false;
  if (!measuring_ && now >= measure_from_) begin(now);
  if (now >= over_at_ && options_.count > 0)
    failed(fmt::format("only {} of {} {} within the time", done_, options_.count, what_));
  // A run that breaks again and again is no measurement.
  if (now >= over_at_ || (options_.count > 0 && done_ >= options_.count) || failures_ > 1000) end(now);
  return !over_;
}

bool Tally::may_begin() {
  if (options_.count > 0 && begun_ >= options_.count) return false;
  ++begun_;
  return true;
}

void Tally::finished(std::string_view kind, SteadyTime began, SteadyTime now) {
  ++done_;
  if (std::find(options_.expect.begin(), options_.expect.end(), kind) == options_.expect.end()) ++unexpected_;
  if (const auto found = answers_.find(kind); found != answers_.end()) ++found->second;
  else answers_.emplace(kind, 1);
  if (!measuring_) return;
  ++measured_;
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - began).count();
  microseconds_.push_back(static_cast<std::uint32_t>(std::clamp<std::int64_t>(took, 0, UINT32_MAX)));
}

void Tally::failed(std::string_view what) {
  ++unexpected_;
  ++done_;
  ++answers_["failure"];
  if (++failures_ <= failures_printed) std::fprintf(stderr, "failure: %s\n", cleaned(what, true).c_str());
}

double Tally::milliseconds_at(double share) {
  if (microseconds_.empty()) return 0;
  const auto at =
      microseconds_.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(microseconds_.size() - 1));
  std::nth_element(microseconds_.begin(), at, microseconds_.end());
  return *at / 1000.0;
}

void Tally::print_text(double seconds) {
  const double thousands = static_cast<double>(measured_) / 1000;
  std::string answers;
  for (const auto& [kind, count] : answers_) answers += fmt::format(" {}={}", kind, count);
  fmt::print("{} {} in {:.2f} s over {} connections: {:.0f}/s\n", measured_, what_, seconds, options_.connections,
             static_cast<double>(measured_) / seconds);
  fmt::print("latency: p50 {:.3f} ms, p95 {:.3f} ms, p99 {:.3f} ms\n", milliseconds_at(0.5), milliseconds_at(0.95),
             milliseconds_at(0.99));
  if (!options_.pids.empty() && measured_ > 0)
    fmt::print("server: {:.4f} s of CPU per 1,000, peak memory {:.1f} MiB\n",
               (after_.cpu_seconds - before_.cpu_seconds) / thousands, static_cast<double>(after_.peak_kib) / 1024);
  if (measured_ > 0) fmt::print("generator: {:.4f} s of CPU per 1,000\n", own_cpu_ / thousands);
  fmt::print("answers:{}; unexpected: {}\n", answers, unexpected_);
}

void Tally::print_json(double seconds) {
  const double thousands = std::max(static_cast<double>(measured_), 1.0) / 1000;
  nlohmann::ordered_json out;
  out["what"] = what_;
  out["count"] = measured_;
  out["seconds"] = seconds;
  out["connections"] = options_.connections;
  out["per_second"] = static_cast<double>(measured_) / seconds;
  out["p50_ms"] = milliseconds_at(0.5);
  out["p95_ms"] = milliseconds_at(0.95);
  out["p99_ms"] = milliseconds_at(0.99);
  if (!options_.pids.empty()) {
    out["cpu_seconds_per_1000"] = (after_.cpu_seconds - before_.cpu_seconds) / thousands;
    out["peak_kib"] = after_.peak_kib;
  }
  out["generator_cpu_seconds_per_1000"] = own_cpu_ / thousands;
  out["answers"] = answers_;
  out["unexpected"] = unexpected_;
  fmt::print("{}\n", out.dump());
}

int Tally::report() {
  const double seconds = std::max(std::chrono::duration<double>(ended_ - began_).count(), 1e-9);
  options_.json ? print_json(seconds) : print_text(seconds);
  if (measured_ == 0) std::fprintf(stderr, "nothing was measured: no answer came in time\n");
  return unexpected_ > 0 || measured_ == 0 ? 1 : 0;
}

}  // namespace mailweir::bench
