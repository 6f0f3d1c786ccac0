// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <thread>

#include "adapter/stats/stats_text.h"
#include "base/text.h"

using namespace mailweir;
using namespace std::chrono_literals;

namespace {

// A reader of the exposition format that takes nothing but what its grammar allows.
struct Parsed {
  std::map<std::string, std::string> types, help;
  std::map<std::string, double> values;  // "name" or "name{a=x,b=y}", the labels unescaped
  std::vector<std::string> order;        // names as their TYPE lines come
};

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Parsed read() {
    while (!rest_.empty()) {
      if (rest_.starts_with("# ")) comment();
      else sample();
    }
    return std::move(parsed_);
  }

 private:
  std::string name() {
    std::size_t length = 0;
    const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == ':'; };
    while (length < rest_.size() && fits(rest_[length])) ++length;
    REQUIRE(length > 0);
    REQUIRE_FALSE(std::isdigit(static_cast<unsigned char>(rest_[0])));
    return take(length);
  }
  std::string take(std::size_t length) {
    std::string taken(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return taken;
  }
  void expect(std::string_view text) {
    CAPTURE(rest_.substr(0, 40));
    REQUIRE(rest_.starts_with(text));
    rest_.remove_prefix(text.size());
  }
  std::string to_line_end() {
    const auto end = rest_.find('\n');
    REQUIRE(end != rest_.npos);
    auto line = take(end);
    expect("\n");
    return line;
  }
  void comment() {
    expect("# ");
    const bool type = rest_.starts_with("TYPE ");
    expect(type ? "TYPE " : "HELP ");
    const auto metric = name();
    expect(" ");
    const auto text = to_line_end();
    if (type) parsed_.order.push_back(metric);
    REQUIRE((type ? parsed_.types : parsed_.help).emplace(metric, text).second);  // once a name
  }
  std::string label_value() {
    expect("\"");
    std::string value;
    while (!rest_.starts_with('"')) {
      REQUIRE_FALSE(rest_.empty());
      REQUIRE(rest_.front() != '\n');
      const char c = take(1)[0];
      if (c != '\\') {
        value += c;
        continue;
      }
      const char escaped = take(1)[0];
      REQUIRE((escaped == 'n' || escaped == '\\' || escaped == '"'));
      value += escaped == 'n' ? '\n' : escaped;
    }
    expect("\"");
    return value;
  }
  void sample() {
    auto key = name();
    if (rest_.starts_with('{')) {
      expect("{");
      key += '{';
      while (!rest_.starts_with('}')) {
        if (!key.ends_with('{')) {
          expect(",");
          key += ',';
        }
        key += name();
        expect("=");
        key += '=' + label_value();
      }
      expect("}");
      key += '}';
    }
    expect(" ");
    const auto number = to_line_end();
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    CAPTURE(number);
    REQUIRE(*end == '\0');
    REQUIRE(parsed_.values.emplace(key, value).second);  // no sample twice
  }

  std::string_view rest_;
  Parsed parsed_;
};

}  // namespace

TEST_CASE("stats: counts of several threads add up") {
  Count count;
  LatencyHistogram histogram;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        count.add();
        histogram.observe(1ms);
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(count.value() == 40'000);
  CHECK(histogram.read().total() == 40'000);
  CHECK(histogram.read().sum == 40s);
}

TEST_CASE("stats: a span falls into its bucket") {
  struct Row {
    std::chrono::nanoseconds span;
    std::size_t bucket;
  };
  const Row rows[] = {{-1ns, 0}, {0ns, 0}, {50us, 0}, {50'001ns, 1},  {100us, 1},
                      {1ms, 4},  {9s, 15}, {10s, 15}, {10'001ms, 16}, {1h, 16}};
  for (const auto& row : rows) {
    CAPTURE(row.span.count());
    LatencyHistogram histogram;
    histogram.observe(row.span);
    const auto reading = histogram.read();
    CHECK(reading.counts[row.bucket] == 1);
    CHECK(reading.total() == 1);
    CHECK(reading.sum == std::max(row.span, 0ns));
  }
}

TEST_CASE("stats text: what Prometheus reads") {
  LatencyHistogram stage;
  stage.observe(80us);
  stage.observe(80us);
  stage.observe(3s);
  stage.observe(20s);
  const std::string odd = "a\"b\\c\nd\xff";
  const Sample samples[] = {
      {"mailweir_verdicts_total",
       "Verdicts by action.",
       Sample::Kind::counter,
       {{"action", "accept"}, {"door", "milter"}},
       3e9},
      {"mailweir_sessions", "Sessions\nnow.", Sample::Kind::gauge, {}, -1.5},
      {"mailweir_verdicts_total",
       "Verdicts by action.",
       Sample::Kind::counter,
       {{"action", odd}, {"door", "policy"}},
       1.0},
      {"mailweir_stage_seconds", "Time a stage took.", Sample::Kind::histogram, {{"stage", "rcpt"}}, stage.read()},
      {"mailweir_big_total", "Beyond 2^32.", Sample::Kind::counter, {}, 123456789012345.0},
  };
  const auto got = Reader(stats_text(samples)).read();
  CHECK(got.order == std::vector<std::string>{"mailweir_verdicts_total", "mailweir_sessions", "mailweir_stage_seconds",
                                              "mailweir_big_total"});
  CHECK(got.types.at("mailweir_verdicts_total") == "counter");
  CHECK(got.types.at("mailweir_sessions") == "gauge");
  CHECK(got.types.at("mailweir_stage_seconds") == "histogram");
  CHECK(got.help.at("mailweir_verdicts_total") == "Verdicts by action.");
  CHECK(got.help.at("mailweir_sessions") == "Sessions?now.");

  struct Row {
    std::string sample;
    double want;
  };
  const Row rows[] = {
      {"mailweir_verdicts_total{action=accept,door=milter}", 3e9},
      {"mailweir_verdicts_total{action=a\"b\\c\nd\xef\xbf\xbd,door=policy}", 1},
      {"mailweir_sessions", -1.5},
      {"mailweir_big_total", 123456789012345.0},
      {"mailweir_stage_seconds_count{stage=rcpt}", 4},
      {"mailweir_stage_seconds_sum{stage=rcpt}", 23.00016},
      {"mailweir_stage_seconds_bucket{stage=rcpt,le=5e-05}", 0},
      {"mailweir_stage_seconds_bucket{stage=rcpt,le=0.0001}", 2},
      {"mailweir_stage_seconds_bucket{stage=rcpt,le=0.1}", 2},
      {"mailweir_stage_seconds_bucket{stage=rcpt,le=2.5}", 2},
      {"mailweir_stage_seconds_bucket{stage=rcpt,le=10}", 3},
      {"mailweir_stage_seconds_bucket{stage=rcpt,le=+Inf}", 4},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sample);
    REQUIRE(got.values.count(row.sample) == 1);
    CHECK(got.values.at(row.sample) == doctest::Approx(row.want));
  }
  CHECK(got.values.size() == 4 + 2 + LatencyHistogram::edges.size() + 1);
  CHECK(stats_text({}).empty());
}
