// SPDX-License-Identifier: BSD-2-Clause
// Runs tests that need a real server. Exits 77, with the reason, when it is not installed.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "knot.h"

int main(int count, char** arguments) {
  if (mailweir::test::Knot::program().empty()) {
    std::puts("SKIP: knotd is not installed (Debian: apt-get install knot)");
    return 77;
  }
  doctest::Context context(count, arguments);
  return context.run();
}
