// SPDX-License-Identifier: BSD-2-Clause
// A verdict as a policy reply: an access(5) action.
#pragma once

#include <string>

#include "engine/verdict.h"
#include "rule/confirmed_routes.h"

namespace mailweir {

// "DUNNO", "550 5.7.1 text", "HOLD text", ... One line without its end, ASCII, at most 900 bytes. Of several effects
// the first is taken: the checker saw to it that there is one.
std::string to_action(const Verdict& verdict, const Effects& effects, const ConfirmedRoutes& confirmed);

}  // namespace mailweir
