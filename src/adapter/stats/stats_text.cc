// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/stats/stats_text.h"

#include <chrono>
#include <limits>
#include <unordered_map>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "base/text.h"

namespace mailweir {
namespace {

using Seconds = std::chrono::duration<double>;

prometheus::MetricType type_of(Sample::Kind kind) {
  switch (kind) {
    case Sample::Kind::gauge: return prometheus::MetricType::Gauge;
    case Sample::Kind::histogram: return prometheus::MetricType::Histogram;
    case Sample::Kind::counter: break;
  }
  return prometheus::MetricType::Counter;
}

prometheus::ClientMetric::Histogram histogram_of(const LatencyHistogram::Reading& reading) {
  prometheus::ClientMetric::Histogram histogram;
  histogram.sample_count = reading.total();
  histogram.sample_sum = Seconds(reading.sum).count();
  std::uint64_t up_to = 0;
  for (std::size_t i = 0; i < reading.counts.size(); ++i) {
    const bool last = i == LatencyHistogram::edges.size();
    up_to += reading.counts[i];
    histogram.bucket.push_back(
        {up_to, last ? std::numeric_limits<double>::infinity() : Seconds(LatencyHistogram::edges[i]).count()});
  }
  return histogram;
}

prometheus::ClientMetric metric_of(const Sample& sample) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : sample.labels) metric.label.push_back({name, made_utf8(value)});
  if (const auto* reading = std::get_if<LatencyHistogram::Reading>(&sample.value))
    metric.histogram = histogram_of(*reading);
  else if (sample.kind == Sample::Kind::gauge) metric.gauge.value = std::get<double>(sample.value);
  else metric.counter.value = std::get<double>(sample.value);
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
