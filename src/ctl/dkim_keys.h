// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl dkim keygen, record, check: new keys, what is to be published of them, and whether it is.
#pragma once

#include "ctl/command.h"

namespace mailweir {

int dkim_keygen(const Arguments& args);
int dkim_record(const Arguments& args);
int dkim_check(const Arguments& args);

}  // namespace mailweir
