// SPDX-License-Identifier: BSD-2-Clause
// BounceKind: what a bounce says about the mail that bounced, by its enhanced status code (RFC 3463) and, where that
// says nothing, by phrases in the text of the answer. The manual, mailweir-rules(5), has the same table.
#pragma once

#include <cstdint>
#include <string_view>

namespace mailweir {

enum class BounceKind : std::uint8_t {
  all,     // a permanent failure of any kind
  hard,    // the mailbox or its domain does not exist
  policy,  // the receiver does not want this mail
};
std::string_view to_string(BounceKind kind);

// Of a permanent failure: `code` is "5.1.1", `text` the answer. BounceKind::all: neither hard nor policy.
BounceKind bounce_kind(std::string_view code, std::string_view text);

// Whether a limit of `wanted` counts it.
constexpr bool counts(BounceKind wanted, BounceKind found) { return wanted == BounceKind::all || wanted == found; }

}  // namespace mailweir
