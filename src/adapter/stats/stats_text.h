// SPDX-License-Identifier: BSD-2-Clause
// Samples as the text that Prometheus reads (exposition format 0.0.4, Content-Type "text/plain; version=0.0.4").
#pragma once

#include <span>
#include <string>

#include "base/stats.h"

namespace mailweir {

// Samples of one name are printed together, in the order of the first of each. Label values are made UTF-8.
std::string stats_text(std::span<const Sample> samples);

}  // namespace mailweir
