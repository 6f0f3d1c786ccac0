// SPDX-License-Identifier: BSD-2-Clause
// Where things are unless the policy file says otherwise, as configure was told (--sysconfdir, --localstatedir,
// --runstatedir).
#pragma once

#include <string>

namespace mailweir {

std::string default_policy_file();      // /etc/mailweir/mailweir.toml
std::string default_state_directory();  // /var/lib/mailweir
std::string default_admin_socket();     // /run/mailweir/admin.sock

}  // namespace mailweir
