// SPDX-License-Identifier: BSD-2-Clause
// What these tests cannot do without.
#include "fixture/skip.h"

#include "knot.h"

std::string mailweir::cannot_run() {
  return test::Knot::program().empty() ? "knotd is not installed (Debian: apt-get install knot)" : "";
}
