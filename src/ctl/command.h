// SPDX-License-Identifier: BSD-2-Clause
// The subcommands of mailweirctl(1). Each takes its own arguments and returns the exit status: 0 well, 1 the answer is
// no (errors in the policy, mail refused, a check that is no pass), 64 wrong usage, 69 the daemon does not answer, 75 a
// check could not be made for now (temperror).
#pragma once

#include <string>
#include <vector>

namespace mailweir {

using Arguments = std::vector<std::string>;
inline constexpr int exit_usage = 64, exit_temporary = 75;  // sysexits.h: EX_USAGE, EX_TEMPFAIL

int alerts_command(const Arguments& args);
int block_command(const Arguments& args);
int blocks_command(const Arguments& args);
int check_command(const Arguments& args);
int config_command(const Arguments& args);
int counters_command(const Arguments& args);
int dkim_command(const Arguments& args);
int dmarc_command(const Arguments& args);
int dns_command(const Arguments& args);
int dnsbl_command(const Arguments& args);
int empty_list_command(const Arguments& args);
int explain_command(const Arguments& args);
int export_command(const Arguments& args);
int iprev_command(const Arguments& args);
int reload_command(const Arguments& args);
int reputation_command(const Arguments& args);
int reset_command(const Arguments& args);
int routes_command(const Arguments& args);
int sender_domain_command(const Arguments& args);
int spf_command(const Arguments& args);
int status_command(const Arguments& args);
int suppressed_command(const Arguments& args);
int unblock_command(const Arguments& args);

}  // namespace mailweir
