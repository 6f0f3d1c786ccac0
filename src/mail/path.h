// SPDX-License-Identifier: BSD-2-Clause
// What stands in MAIL FROM and RCPT TO, the path (RFC 5321 4.1.2), and the mailbox that a mail server takes from it.
// MTAs take more than the RFC: display names, comments, blanks, source routes, quotes in all places. What comes out
// here is what Postfix hands to policy services (smtpd(8), SMTPD_POLICY_README); t/unit/fixture/path_cases.h has what
// was seen.
//
// Mailboxes are in plain form: without the quotes and backslashes of RFC 5321, `odd one@example.com`. The last @
// divides. All of this is linear in the text, and holds a copy of it at most.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

// "<Boss <ceo@Example.com> (x)>" -> "ceo@Example.com", "< >" -> "". Nothing when it is no mailbox: two of them, words
// side by side, a quote that nothing closes. The domain is not looked at. "" is the null sender, and no recipient.
std::optional<std::string> mailbox_in_path(std::string_view path);

// The address that a mailbox means to an MTA (trivial-rewrite(8)): "ceo%example.com" and "example.com!ceo" are
// "ceo@example.com" when they have no @; a source route and an @ at the end go away. Nothing when it can be none: no
// domain name or literal behind the @, nothing at all but a route. "" means "".
std::optional<std::string> meant_mailbox(std::string_view mailbox);

// "ceo%example.com@mx.example.net", and "ceo@example.com@mx.example.net", is "ceo@example.com" for the host itself:
// `is_ours` says what a domain is. Not to be asked about other hosts' domains: there % and ! are their own affair.
std::string routed_mailbox(std::string mailbox, const std::function<bool(std::string_view domain)>& is_ours);

// The mailbox as SMTP writes it: `"odd one"@example.com`.
std::string quoted_mailbox(std::string_view mailbox);

// The value of MAIL's SIZE (RFC 1870), or of a policy attribute of that kind: bytes, at most 2^63 - 1, as which larger
// ones are read. Nothing when it is no number.
std::optional<std::uint64_t> size_in_bytes(std::string_view digits);

}  // namespace mailweir
