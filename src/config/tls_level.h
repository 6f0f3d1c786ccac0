// SPDX-License-Identifier: BSD-2-Clause
// A value of Postfix's smtp_tls_policy_maps: a level of security and its attributes (postconf(5), TLS_README), as [tls]
// and the tls of a [relay] have it. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

// "" for a good one, else what is wrong with it: Postfix would defer all mail of that next hop.
std::string wrong_tls_level(std::string_view value);
// Whether nothing is sent without TLS: not `none` and `may`.
bool forces_tls(std::string_view value);

}  // namespace mailweir
