// SPDX-License-Identifier: BSD-2-Clause
// Domain names in one spelling: lower-case A-labels (RFC 5890), no last dot.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

// "Example.COM." -> "example.com", "bücher.example" (UTF-8) -> "xn--bcher-kva.example". Nothing when it is no host or
// domain name: an empty label, a label over 63 or a name over 253 octets, a blank or control byte.
// Underscores are let through: DNS has them.
std::optional<std::string> to_domain(std::string_view text);

// In the one spelling where it is a domain name, else folded: for comparing what a client says it is called.
std::string compared_domain(std::string_view text);

// ASCII that fits the DNS (RFC 1035 2.3.4): labels of 1 to 63 octets, 253 together, no blank or control byte, no dot at
// the end.
bool fits_dns(std::string_view name);

// fits_dns(), and nothing but what hosts, mail domains and DKIM selectors are called: a-z, 0-9, '-', '_'. The DNS
// carries more, quotes and backslashes too, but no mail domain has them.
bool is_plain_name(std::string_view name);

// "client.example." -> "client.example": a client may write the root's dot in HELO, a PTR record has it.
inline std::string_view without_last_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

// RFC 5321 2.3.5 as an MTA checks it: at least two labels, letters, digits and inner hyphens, not all digits at the
// end; an address literal in brackets counts as fully qualified too.
bool is_fully_qualified(std::string_view name);

// Whether `name` is `parent` or below it; both in to_domain's spelling.
bool is_at_or_below(std::string_view name, std::string_view parent);

// "a.b.example" -> "b.example" -> "example" -> "".
std::string_view parent_of(std::string_view name);

}  // namespace mailweir
