// SPDX-License-Identifier: BSD-2-Clause
// IpAddress and Network: IPv4 and IPv6 in one 16-byte form; an IPv4-mapped IPv6 address is IPv4.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  // "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", Postfix's and Sendmail's "IPv6:..." prefix; else nothing.
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress v4(std::uint32_t host_order);
  static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);

  bool is_v4() const { return v4_; }
  // Network order; an IPv4 address stands in the last four bytes behind ::ffff:.
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  std::string to_string() const;  // RFC 5952 for IPv6
  // The name asked for a PTR record, without the last dot: "1.2.0.192.in-addr.arpa".
  std::string reverse_name() const;
  bool is_loopback() const;
  // The address with all bits after the first `prefix` (0..32 or 0..128) cleared.
  IpAddress masked(unsigned prefix) const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  bool v4_ = true;
};

class Network {
 public:
  // "192.0.2.0/24", "2001:db8::/32", or one address. Host bits that are set are an error (nothing).
  static std::optional<Network> parse(std::string_view text);
  Network(IpAddress address, unsigned prefix) : address_(address.masked(prefix)), prefix_(prefix) {}

  bool contains(const IpAddress& address) const {
    return address.is_v4() == address_.is_v4() && address.masked(prefix_) == address_;
  }
  const IpAddress& address() const { return address_; }
  unsigned prefix() const { return prefix_; }
  IpAddress last() const;  // the highest address in it
  std::string to_string() const;

  auto operator<=>(const Network&) const = default;

 private:
  IpAddress address_;
  unsigned prefix_ = 32;
};

}  // namespace mailweir
