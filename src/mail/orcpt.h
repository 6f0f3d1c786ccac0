// SPDX-License-Identifier: BSD-2-Clause
// The original recipient as RCPT's ORCPT parameter says it (RFC 3461 4.2, RFC 6533 3).
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

// Of a mailbox in plain form: "odd one+x@example.com" is "rfc822;\"odd+20one\"@example.com" with its xtext; one that is
// not ASCII is "utf-8;" with \x{HEX} for what is not printable ASCII.
std::string orcpt_of(std::string_view mailbox);

// The same value for Postfix's milter interface, which reads xtext only: of type utf-8 the \x{HEX} become UTF-8 in
// xtext. What is no such code stays.
std::string orcpt_in_xtext(std::string_view orcpt);

}  // namespace mailweir
