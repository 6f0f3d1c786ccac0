// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl dkim COMMAND: new keys, what is to be published of them and whether it is; how far they have come, their
// replacement and their end; keys of other software.
#pragma once

#include "ctl/command.h"

namespace mailweir {

int dkim_keygen(const Arguments& args);
int dkim_record(const Arguments& args);
int dkim_check(const Arguments& args);
int dkim_list(const Arguments& args);
int dkim_rotate(const Arguments& args);
int dkim_retire(const Arguments& args);
int dkim_import(const Arguments& args);

}  // namespace mailweir
