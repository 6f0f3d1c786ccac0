// SPDX-License-Identifier: BSD-2-Clause
// How the effects of a rule (rule/effect.h) are written: a row each. Not a public header of the floor.
#pragma once

#include "config/key.h"
#include "rule/rule.h"

namespace mailweir {

const Keys<Rule>& effect_keys();
const Keys<RemoveHeaders>& removal_keys();  // of { name, value }

// A text of a rule, which stands at `where`; nothing: it is wrong, and that is told.
std::optional<Template> make_template(const KeyPlace& place, const std::string& text, const Place& where);

}  // namespace mailweir
