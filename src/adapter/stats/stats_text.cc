// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/stats/stats_text.h"

#include <unordered_map>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "base/text.h"

namespace mailweir {
namespace {

prometheus::MetricType type_of(Sample::Kind kind) {
  return kind == Sample::Kind::gauge ? prometheus::MetricType::Gauge : prometheus::MetricType::Counter;
}

prometheus::ClientMetric metric_of(const Sample& sample) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : sample.labels) metric.label.push_back({name, made_utf8(value)});
  (sample.kind == Sample::Kind::gauge ? metric.gauge.value : metric.counter.value) = sample.value;
  return metric;
}

}  // namespace

std::string stats_text(std::span<const Sample> samples) {
  std::vector<prometheus::MetricFamily> families;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const auto& sample : samples) {
    const auto [place, is_new] = places.try_emplace(sample.name, families.size());
    if (is_new) {
      families.emplace_back();
      families.back().name = sample.name;
      families.back().help = cleaned(sample.help, false);  // a line end would end the comment
      families.back().type = type_of(sample.kind);
    }
    families[place->second].metric.push_back(metric_of(sample));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace mailweir
