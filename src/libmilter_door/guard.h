// SPDX-License-Identifier: BSD-2-Clause
// What libmilter itself can't be trusted with: signals that are the daemon's, and macro packets that no MTA sends. It
// calls sigwait and its own mi_rd_cmd by name, so the program has those names too and stands between. Only for
// server.cc; any thread.
//
// Known limit: mi_rd_cmd is no public function of libmilter. Where a build of it does not call it through its name,
// packets are not looked at, and a macro without a value can end the daemon as it ends every filter that asks for
// macros.
#pragma once

#include <cstddef>
#include <string_view>

namespace mailweir {

// Whether a macro packet (its bytes after the 'D') is a command and pairs of name and value, each with its NUL.
// libmilter takes names and values for pairs without counting: smfi_getsymval reads beyond the end of an odd list.
bool good_macro_packet(std::string_view packet);

// `told` is called for each packet that is kept from libmilter; its connection is closed then. Before any session.
void guard_libmilter(void (*told)());

}  // namespace mailweir
