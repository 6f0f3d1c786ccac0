// SPDX-License-Identifier: BSD-2-Clause
// The family of the fact `blocked`: the engine hands its source in.
#pragma once

namespace mailweir {

struct FactFamily;

extern const FactFamily blocked_family;

}  // namespace mailweir
