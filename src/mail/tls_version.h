// SPDX-License-Identifier: BSD-2-Clause
// TlsVersion: a version of TLS that can be compared; and what else mail servers say of a cipher. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

// SSL 2 and 3 are older than TLS 1.0: 0.2 and 0.3.
struct TlsVersion {
  std::uint8_t major_number = 0, minor_number = 0;

  // "1.2"
  static std::optional<TlsVersion> parse(std::string_view text);
  // As mail servers and OpenSSL name a protocol: "TLSv1.3", "TLSv1" (1.0), "SSLv3". Nothing: another protocol, or none.
  static std::optional<TlsVersion> of_protocol(std::string_view name);
  std::string to_string() const;
  // Larger for a later version.
  std::int64_t number() const { return major_number * 1000 + minor_number; }
  auto operator<=>(const TlsVersion&) const = default;
};

// The length of a cipher's key, from 1 to 65535 bits; nothing: the text says none, as "0" does of a session in the
// clear.
std::optional<std::uint16_t> read_keysize(std::string_view text);

}  // namespace mailweir
