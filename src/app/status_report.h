// SPDX-License-Identifier: BSD-2-Clause
// StatusReport: what the tables of metrics (base/metric.h) read at one moment, and its two printers: status as JSON,
// and /metrics as Prometheus text. One thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metric.h"

namespace mailweir {

class StatusReport {
 public:
  // The rows of one object. `prefix` stands before its fields in status: "milter." for an object of it. Null: it is not
  // there now, and only its metrics are known.
  template <typename Of, std::size_t Rows>
  void add(const std::string& prefix, const Metric<Of> (&rows)[Rows], const Of* of) {
    know(rows);
    if (of == nullptr) return;
    Labels labels;
    for (const auto& row : rows) {
      Reading reading = row.read(*of);
      if (row.in_metrics.as == InMetrics::As::label)
        labels.emplace_back(row.in_metrics.label, std::get<std::string>(reading.value()));
      keep(prefix, row.field, row.in_metrics, labels, std::move(reading));
    }
  }
  // The rows of each of them, or of what they point to: an array in status, if there is one.
  template <typename Of, std::size_t Rows, typename Items>
  void add_each(const std::string& list, const Metric<Of> (&rows)[Rows], const Items& items) {
    know(rows);
    std::size_t number = 0;
    for (const auto& item : items) {
      const std::string prefix = list + '.' + std::to_string(number++) + '.';
      if constexpr (std::is_pointer_v<typename Items::value_type>) add(prefix, rows, item);
      else add(prefix, rows, &item);
    }
  }
  // The metrics of what may come and go.
  template <typename Of, std::size_t Rows>
  void know(const Metric<Of> (&rows)[Rows]) {
    std::vector<std::string_view> labels;
    for (const auto& row : rows) {
      if (row.in_metrics.as == InMetrics::As::label) labels.push_back(row.in_metrics.label);
      if (row.in_metrics.is_metric()) know(row.in_metrics, labels);
    }
  }
  // In status even if it has no items.
  void add_list(std::string_view list) { lists_.emplace_back(list); }

  std::string status() const;
  std::string metrics() const;

  // Each metric once, and the labels that tell its values apart.
  struct Known {
    InMetrics metric;
    std::vector<std::string_view> labels;
  };
  const std::vector<Known>& known() const { return known_; }

 private:
  using Labels = std::vector<std::pair<std::string, std::string>>;
  struct Kept {
    std::string field;
    InMetrics in_metrics;
    Labels labels;
    Reading reading;
  };
  void know(const InMetrics& metric, std::vector<std::string_view> labels);
  void keep(const std::string& prefix, std::string_view field, const InMetrics& in_metrics, Labels labels,
            Reading reading);

  std::vector<Kept> kept_;
  std::vector<Known> known_;
  std::vector<std::string> lists_;
};

}  // namespace mailweir
