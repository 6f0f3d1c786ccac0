// SPDX-License-Identifier: BSD-2-Clause
#include "base/ip.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

#include "base/text.h"

namespace mailweir {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() > 5 && equal_folded(text.substr(0, 5), "ipv6:")) text.remove_prefix(5);
  char buffer[INET6_ADDRSTRLEN + 1];
  if (text.empty() || text.size() >= sizeof buffer || text.find('\0') != text.npos) return {};
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';

  in_addr four{};
  if (inet_pton(AF_INET, buffer, &four) == 1) return v4(ntohl(four.s_addr));
  std::array<std::uint8_t, 16> six{};
  if (inet_pton(AF_INET6, buffer, six.data()) == 1) return v6(six);
  return {};
}

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress address;
  for (int i = 0; i < 4; ++i)
    address.bytes_[static_cast<std::size_t>(12 + i)] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return address;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) {
  IpAddress address;
  address.v4_ = std::equal(bytes.begin(), bytes.begin() + 12, address.bytes_.begin());
  address.bytes_ = bytes;
  return address;
}

std::string IpAddress::to_string() const {
  char buffer[INET6_ADDRSTRLEN];
  if (v4_) {  // inet_ntop() takes 2,000 instructions for it
    char* end = buffer;
    for (std::size_t i = 12; i < 16; ++i) {
      if (i > 12) *end++ = '.';
      end = std::to_chars(end, std::end(buffer), bytes_[i]).ptr;
    }
    return {buffer, end};
  }
  return inet_ntop(AF_INET6, bytes_.data(), buffer, sizeof buffer);
}

std::string IpAddress::reverse_name() const {
  std::string name;
  if (v4_) {
    for (std::size_t i = 16; i-- > 12;) name += std::to_string(bytes_[i]) + '.';
    return name + "in-addr.arpa";
  }
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 16; i-- > 0;) {
    name += digits[bytes_[i] & 15];
    name += '.';
    name += digits[bytes_[i] >> 4];
    name += '.';
  }
  return name + "ip6.arpa";
}

bool IpAddress::is_loopback() const {
  if (v4_) return bytes_[12] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; }) && bytes_[15] == 1;
}

IpAddress IpAddress::masked(unsigned prefix) const {
  IpAddress result = *this;
  const unsigned bits = std::min(128U, v4_ ? prefix + 96 : prefix);
  for (unsigned i = 0; i < 16; ++i) {
    if (bits >= 8 * (i + 1)) continue;
    const unsigned keep = bits > 8 * i ? bits - 8 * i : 0;
    result.bytes_[i] = static_cast<std::uint8_t>(result.bytes_[i] & (0xff00U >> keep));
  }
  return result;
}

namespace {

// "255.255.255.0" -> 24; nothing when the ones do not stand together at the front.
std::optional<unsigned> prefix_of_netmask(std::string_view text) {
  const auto mask = IpAddress::parse(text);
  if (!mask || !mask->is_v4()) return {};
  std::uint32_t bits = 0;
  for (std::size_t i = 12; i < 16; ++i) bits = bits << 8 | mask->bytes()[i];
  const auto ones = static_cast<unsigned>(std::countl_one(bits));
  if (static_cast<unsigned>(std::popcount(bits)) != ones) return {};
  return ones;
}

}  // namespace

std::optional<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return {};
  const unsigned longest = address->is_v4() ? 32 : 128;
  unsigned prefix = longest;
  if (slash != text.npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    const bool is_number = failure == std::errc() && end == digits.data() + digits.size();
    if (!is_number) {
      const auto of_mask = longest == 32 ? prefix_of_netmask(digits) : std::nullopt;
      if (!of_mask) return {};
      prefix = *of_mask;
    }
    if (prefix > longest) return {};
  }
  if (address->masked(prefix) != *address) return {};
  return Network(*address, prefix);
}

IpAddress Network::last() const {
  auto bytes = address_.bytes();
  const unsigned bits = address_.is_v4() ? prefix_ + 96 : prefix_;
  for (unsigned i = 0; i < 16; ++i) {
    if (bits >= 8 * (i + 1)) continue;
    const unsigned keep = bits > 8 * i ? bits - 8 * i : 0;
    bytes[i] = static_cast<std::uint8_t>(bytes[i] | (0xffU >> keep));
  }
  return IpAddress::v6(bytes);
}

std::string Network::to_string() const { return address_.to_string() + '/' + std::to_string(prefix_); }

}  // namespace mailweir
