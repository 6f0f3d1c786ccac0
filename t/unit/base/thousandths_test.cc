// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <limits>

#include "base/thousandths.h"

namespace mailweir {
namespace {

TEST_CASE("thousandths: read and written") {
  struct Row {
    std::string in;
    std::int64_t want;
    std::string text;
  };
  const Row rows[] = {{"0", 0, "0"},
                      {"6", 6000, "6"},
                      {"6.5", 6500, "6.5"},
                      {"6.50", 6500, "6.5"},
                      {"+6.125", 6125, "6.125"},
                      {"-0.25", -250, "-0.25"},
                      {"-0.001", -1, "-0.001"},
                      {"0.050", 50, "0.05"},
                      {"-7", -7000, "-7"},
                      {"-0", 0, "0"},
                      {"007", 7000, "7"},
                      {"999999999999.999", 999'999'999'999'999, "999999999999.999"}};
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(parse_thousandths(row.in) == row.want);
    CHECK(thousandths_text(row.want) == row.text);
    CHECK(parse_thousandths(row.text) == row.want);
  }
  for (const std::string_view bad : {"",
                                     "-",
                                     "+",
                                     ".",
                                     "6.",
                                     ".5",
                                     "--6",
                                     "+-6",
                                     "6.-5",
                                     "6.+5",
                                     "6.1234",
                                     "6,5",
                                     "6 ",
                                     " 6",
                                     "1e3",
                                     "0x6",
                                     "6.5.1",
                                     "nan",
                                     "inf",
                                     "1000000000000",
                                     "99999999999999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_thousandths(bad));
  }
}

TEST_CASE("thousandths: of binary fractions the nearest") {
  struct Row {
    double in;
    std::int64_t want;
  };
  const Row rows[] = {{6.5, 6500}, {0.1 + 0.2, 300}, {-1.005, -1005}, {4.9999999, 5000}, {6.4994, 6499}, {-0.0, 0}};
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(to_thousandths(row.in) == row.want);
  }
  using Limits = std::numeric_limits<double>;
  for (const double bad : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), 1e12, -1e12, Limits::max()}) {
    CAPTURE(bad);
    CHECK_FALSE(to_thousandths(bad));
  }
}

}  // namespace
}  // namespace mailweir
