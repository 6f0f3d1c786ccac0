// SPDX-License-Identifier: BSD-2-Clause
// What a mail server needs in its configuration for the routes that rules name: tables of Postfix, rules and mailers of
// Sendmail. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "rule/named_route.h"

namespace mailweir {

// A table for transport_maps, to stand before all others: the pseudo domains of these routes, and a catch-all, so that
// what is left of an older policy, or only half installed, waits here. "": not needed.
std::string transport_table(const std::vector<NamedRoute>& routes);
// A table for milter_header_checks. "": not needed.
std::string header_check_table(const std::vector<NamedRoute>& routes);
// A table for smtp_generic_maps of the transport of a gateway.
std::string generic_table(const NamedRoute& route, std::size_t gateway);

// For sendmail.mc.
std::string sendmail_lines(const std::vector<NamedRoute>& routes);

}  // namespace mailweir
