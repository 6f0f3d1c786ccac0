// SPDX-License-Identifier: BSD-2-Clause
// The family of the fact `suppressed`: the engine hands its source in.
#pragma once

namespace mailweir {

struct FactFamily;

extern const FactFamily suppressed_family;

}  // namespace mailweir
