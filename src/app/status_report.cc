// SPDX-License-Identifier: BSD-2-Clause
#include "app/status_report.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "adapter/stats/stats_text.h"

namespace mailweir {
namespace {

using nlohmann::json;

// "rules.0.name" in a document.
json::json_pointer place_of(std::string field) {
  std::replace(field.begin(), field.end(), '.', '/');
  return json::json_pointer('/' + field);
}

json to_json(const Reading& reading) {
  return std::visit(
      [](const auto& value) -> json {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>) return nullptr;
        else return value;
      },
      reading.value());
}

double to_number(const Reading& reading) {
  if (const auto* yes = std::get_if<bool>(&reading.value())) return *yes ? 1 : 0;
  return static_cast<double>(std::get<std::uint64_t>(reading.value()));
}

}  // namespace

void StatusReport::know(const InMetrics& metric, std::vector<std::string_view> labels) {
  const auto same = [&](const Known& known) { return known.metric.name == metric.name; };
  if (std::any_of(known_.begin(), known_.end(), same)) return;
  if (!metric.label.empty()) labels.push_back(metric.label);
  known_.push_back({metric, std::move(labels)});
}

void StatusReport::keep(const std::string& prefix, std::string_view field, const InMetrics& in_metrics, Labels labels,
                        Reading reading) {
  if (std::holds_alternative<std::monostate>(reading.value())) return;
  if (in_metrics.is_metric() && !in_metrics.label.empty())
    labels.emplace_back(in_metrics.label, in_metrics.label_value);
  kept_.push_back(
      {field.empty() ? "" : prefix + std::string(field), in_metrics, std::move(labels), std::move(reading)});
}

std::string StatusReport::status() const {
  json result = json::object();
  for (const auto& list : lists_) result[list] = json::array();
  for (const auto& kept : kept_)
    if (!kept.field.empty()) result[place_of(kept.field)] = to_json(kept.reading);
  return result.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

std::string StatusReport::metrics() const {
  std::vector<Sample> samples;
  for (const auto& kept : kept_) {
    if (!kept.in_metrics.is_metric()) continue;
    const auto kind = kept.in_metrics.as == InMetrics::As::gauge ? Sample::Kind::gauge : Sample::Kind::counter;
    samples.push_back({std::string(kept.in_metrics.name), std::string(kept.in_metrics.help), kind, kept.labels,
                       to_number(kept.reading)});
  }
  return stats_text(samples);
}

}  // namespace mailweir
