// SPDX-License-Identifier: BSD-2-Clause
// An MTA's offer at the start of a connection, and the filter's answer to it.
#pragma once

#include "base/result.h"
#include "milter_door/protocol.h"

namespace mailweir::milter {

// The filter's answer to an MTA's offer: the lower version, the actions it wants (an error when the MTA does not allow
// one of them), of the steps it wants those that the MTA knows, and its macro lists if the MTA takes such.
Result<Options> agree(const Options& offered, const Options& wanted);
// Whether a filter's answer stays within the offer.
Result<void> check_answer(const Options& offered, const Options& answer);

}  // namespace mailweir::milter
