// SPDX-License-Identifier: BSD-2-Clause
// Record: one SPF record taken apart (RFC 7208 4.6.1 and 12), apart from any request. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "check/spf_macro.h"

namespace mailweir::spf {

enum class Mechanism : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

struct Directive {
  AuthWord qualifier = AuthWord::pass;  // pass fail softfail neutral
  Mechanism mechanism = Mechanism::all;
  std::uint8_t prefix4 = 32, prefix6 = 128;
  std::array<std::uint8_t, 16> network{};  // of ip4 (behind ::ffff:) and ip6
  MacroString domain;                      // empty: the domain whose record this is
  std::string_view text;                   // as written

  bool asks_dns() const {
    return mechanism != Mechanism::all && mechanism != Mechanism::ip4 && mechanism != Mechanism::ip6;
  }
  // Of ip4 and ip6; an IPv6 client never matches ip4, nor the other way round.
  bool contains(const IpAddress& client) const;
};

// Views into the text that was parsed: good as long as it.
struct Record {
  std::vector<Directive> directives;
  std::optional<MacroString> redirect, explanation;
  std::string_view redirect_text;  // "redirect=example.net", as written
};

// Whether a TXT record is an SPF record of version 1 (RFC 7208 4.5).
bool is_spf_record(std::string_view text);

// `text` is_spf_record. A Fault anywhere in it makes the whole record worth nothing (RFC 7208 4.6).
std::variant<Record, Fault> parse_record(std::string_view text);

// Whether the first `prefix` bits are the same.
bool same_bits(const std::array<std::uint8_t, 16>& a, const std::array<std::uint8_t, 16>& b, unsigned prefix);

}  // namespace mailweir::spf
