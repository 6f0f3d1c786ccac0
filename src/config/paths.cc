// SPDX-License-Identifier: BSD-2-Clause
#include "config/paths.h"

namespace mailweir {

std::string default_policy_file() { return SYSCONFDIR "/mailweir/mailweir.toml"; }
std::string default_state_directory() { return LOCALSTATEDIR "/lib/mailweir"; }
std::string default_admin_socket() { return RUNSTATEDIR "/mailweir/admin.sock"; }

}  // namespace mailweir
