// SPDX-License-Identifier: BSD-2-Clause
// Metric: the row of one thing that a module counts: its field in the daemon's status, its name and help text in
// /metrics, and how it is read. A module has a table of them beside the struct that counts. Both printers, and the list
// of metrics in the manual, go through the tables; app/daemon_status.cc names the tables.
//
//   inline constexpr Metric<MilterStats> milter_metrics[] = {
//       {"sessions", as_counter("mailweir_milter_sessions_total", "SMTP sessions"), via<&MilterStats::sessions>},
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

namespace mailweir {

// What a row reads now. Nothing: the row is left out.
class Reading {
 public:
  using Value = std::variant<std::monostate, bool, std::uint64_t, std::string>;

  Reading() = default;
  template <std::integral Number>
  Reading(Number number) : value_(static_cast<std::uint64_t>(number)) {}
  Reading(bool yes) : value_(yes) {}
  template <typename Number>
  Reading(const std::atomic<Number>& number) : Reading(number.load()) {}
  Reading(std::string text) : value_(std::move(text)) {}
  Reading(std::string_view text) : value_(std::string(text)) {}
  Reading(const char* text) : value_(std::string(text)) {}

  const Value& value() const { return value_; }

 private:
  Value value_;
};

// How a row appears in /metrics. A label stands on all metrics of its table, and so tells their objects apart.
struct InMetrics {
  enum class As { nothing, label, counter, gauge };
  As as = As::nothing;
  std::string_view name{}, help{};
  std::string_view label{}, label_value{};  // of this row alone
  bool is_metric() const { return as == As::counter || as == As::gauge; }
};
constexpr InMetrics as_label(std::string_view name) { return {InMetrics::As::label, {}, {}, name}; }
constexpr InMetrics as_counter(std::string_view name, std::string_view help, std::string_view label = {},
                               std::string_view label_value = {}) {
  return {InMetrics::As::counter, name, help, label, label_value};
}
constexpr InMetrics as_gauge(std::string_view name, std::string_view help) {
  return {InMetrics::As::gauge, name, help};
}

template <typename Of>
struct Metric {
  using Read = Reading (*)(const Of&);

  constexpr Metric(std::string_view its_field, InMetrics shown, Read how)
      : field(its_field), in_metrics(shown), read(how) {}
  constexpr Metric(std::string_view its_field, Read how) : Metric(its_field, {}, how) {}
  constexpr Metric(InMetrics shown, Read how) : Metric({}, shown, how) {}

  std::string_view field;  // in status; "a.b": b within a; "": not there
  InMetrics in_metrics;
  Read read;
};

// Reads through members, one after the other: via<&PolicyServer::streams, &StreamStats::open>.
template <auto Member, auto... Further, typename Of>
Reading via(const Of& of) {
  if constexpr (sizeof...(Further) == 0) return std::invoke(Member, of);
  else return via<Further...>(std::invoke(Member, of));
}

}  // namespace mailweir
