// SPDX-License-Identifier: BSD-2-Clause
// The pseudo address that a recipient has while its mail is on the way to a route of kind rewrite: an address in a
// domain that does not exist, which the mail server sends by the route's transport, whose map of addresses undoes it
// (smtp_generic_maps of Postfix). Its local part is an unquoted atom and names the true address:
//
//   user+x@example.net     user+x=example.net@bad.route.invalid     the last "=" divides
//   "odd one"@example.net  odd=20one=40example.net@x.bad.route.invalid
//
// The second form, where what is no atom is "=" and two hexadecimal digits, is for local parts that would need quotes,
// end in "=" or have what a mail server takes for a route (% and !), and for address literals. A table of patterns
// undoes the first one, a program both. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

inline constexpr std::string_view route_domain = "route.invalid";

// Of a gateway of a route, counted from 0: "bad.route.invalid", "2.bad.route.invalid". `coded`: of the second form:
// "x.bad.route.invalid", "x2.bad.route.invalid".
std::string pseudo_domain(std::string_view route, std::size_t gateway, bool coded = false);

// route.invalid and all below it, in to_domain's spelling.
bool is_pseudo_domain(std::string_view domain);

struct PseudoAddress {
  std::string text;
  bool coded = false;  // of the second form
};
// Of a mailbox in plain form (mail/path.h). Nothing: it has no domain, or no good one.
std::optional<PseudoAddress> to_pseudo(std::string_view mailbox, std::string_view route, std::size_t gateway);

// The true address as SMTP writes it. Nothing: it is none of ours.
std::optional<std::string> from_pseudo(std::string_view address);

}  // namespace mailweir
