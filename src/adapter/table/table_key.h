// SPDX-License-Identifier: BSD-2-Clause
// What the key of a list or map is, and its one spelling: a network, or text (a mail address, "user@", a domain,
// ".domain", a word). What only looks like one of them is an error, for such an entry would never match.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"

namespace mailweir {

inline constexpr std::size_t longest_table_key = 512;

// Of a domain the part that may be a key: itself, or of one too long the longest ".parent" that is not.
std::string_view could_be_key(std::string_view domain);

struct TableKey {
  std::optional<Network> network;
  std::string text;  // without a network; "" is the null sender
};

// "192.0.2.0/24", "2001:db8::1", "[::1]/128" (Postfix's spelling); "user@example.com", "user@", "<>"; "example.com",
// "@example.com" (the same), ".example.com"; any other word, and "two words" in quotes.
Result<TableKey> parse_table_key(std::string_view key);

}  // namespace mailweir
