// SPDX-License-Identifier: BSD-2-Clause
// How the addresses that mail leaves from are written, in [egress] and [routes.NAME]. Not a public header of the floor.
#pragma once

#include <vector>

#include "base/ip.h"
#include "config/form.h"

namespace mailweir {

Form<std::vector<IpAddress>> egress_addresses();

}  // namespace mailweir
