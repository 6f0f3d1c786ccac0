// SPDX-License-Identifier: BSD-2-Clause
#include "base/network_text.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace mailweir {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (fold(c) >= 'a' && fold(c) <= 'f'); }
template <typename Is>
bool all_are(std::string_view text, Is is) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is);
}

// Looks like an address of some kind, right or wrong.
bool looks_v4(std::string_view text) {
  return text.find('.') != text.npos && is_digit(text.front()) &&
         all_are(text, [](char c) { return is_digit(c) || c == '.'; });
}
bool looks_v6(std::string_view text) {
  if (starts_folded(text, "ipv6:")) return true;
  return std::count(text.begin(), text.end(), ':') >= 2 &&
         all_are(text, [](char c) { return is_hex(c) || c == ':' || c == '.'; });
}
bool looks_numeric(std::string_view text) { return looks_v4(text) || looks_v6(text); }

// "192.0.2" -> "192.0.2.0", the net that Postfix and others mean by it; "" when it is not that.
std::string filled_up(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  std::string full(text);
  for (auto dots = std::count(text.begin(), text.end(), '.'); dots < 3; ++dots) full += ".0";
  return IpAddress::parse(full) ? full : std::string();
}

Error no_address(std::string_view text) {
  Error error{"looks like an IP address but is not one"};
  const auto parts = split(text, '.');
  const bool zeros = looks_v4(text) && std::any_of(parts.begin(), parts.end(),
                                                   [](auto part) { return part.size() > 1 && part.front() == '0'; });
  if (zeros) error.what += " (numbers do not start with 0)";
  else if (const auto full = looks_v4(text) ? filled_up(text) : ""; !full.empty() && parts.size() < 5)
    error.what +=
        "; for a network write " + full + '/' + std::to_string(8 * (parts.size() - (parts.back().empty() ? 1 : 0)));
  return error;
}

Result<Network> with_netmask(const IpAddress& address, std::string_view mask) {
  const auto all = Network::parse("0.0.0.0/" + std::string(mask));
  // 255.100.10.1, or 0.0.0.255 as some routers write it.
  if (!all) return Error{"the netmask " + std::string(mask) + " is not contiguous: its ones must stand at the front"};
  const Network network(address, all->prefix());
  if (network.address() == address) return network;
  return Error{"host bits are set; write " + network.to_string() + ", or " + address.to_string() +
               " for the one address"};
}

// "ADDRESS/PREFIX" where one side at least is numbers.
Result<Network> parse_network(std::string_view host, std::string_view after) {
  const auto address = IpAddress::parse(host);
  if (!address) {
    const auto full = all_are(host, [](char c) { return is_digit(c) || c == '.'; }) ? filled_up(host) : "";
    if (full.empty()) return Error{'"' + std::string(host) + "\" before the / is not an IP address"};
    return Error{"an IPv4 address has four numbers; write " + full + '/' + std::string(after)};
  }
  if (address->is_v4() && after.find('.') != after.npos && IpAddress::parse(after))
    return with_netmask(*address, after);
  const auto prefix = to_number(after);
  if (!prefix) return Error{'"' + std::string(after) + "\" after the / is not a number of bits"};
  // "::ffff:192.0.2.0/120" is 192.0.2.0/24.
  const bool mapped = address->is_v4() && host.find(':') != host.npos;
  const unsigned longest = address->is_v4() && !mapped ? 32 : 128;
  if (*prefix > longest || (mapped && *prefix < 96))
    return Error{'/' + std::string(after) + " is out of range: " + (mapped ? "96" : "0") + " to " +
                 std::to_string(longest)};
  const auto bits = static_cast<unsigned>(*prefix) - (mapped ? 96 : 0);
  const Network network(*address, bits);
  if (network.address() != *address)
    return Error{"host bits are set; write " + network.to_string() + ", or " + address->to_string() +
                 " for the one address"};
  return network;
}

}  // namespace

std::optional<Result<Network>> try_network(std::string_view key) {
  if (key.starts_with('[')) {  // Postfix's mynetworks: [::1]/128
    const auto end = key.find(']');
    if (end != key.npos && looks_numeric(key.substr(1, end - 1)) && (end + 1 == key.size() || key[end + 1] == '/'))
      return try_network(std::string(key.substr(1, end - 1)) + std::string(key.substr(end + 1)));
  }
  const auto slash = key.find('/');
  if (slash != key.npos) {
    const auto host = key.substr(0, slash), after = key.substr(slash + 1);
    const bool short_form = all_are(host, is_digit) && all_are(after, is_digit);  // "10/8"
    if (!looks_numeric(host) && !short_form) return {};
    return parse_network(host, after);
  }
  if (const auto percent = key.find('%'); percent != key.npos && looks_v6(key.substr(0, percent)))
    return Error{"an address with a zone never matches; write " + std::string(key.substr(0, percent))};
  const auto dash = key.find('-');
  if (dash != key.npos && IpAddress::parse(key.substr(0, dash)) && IpAddress::parse(key.substr(dash + 1)))
    return Error{"write a range as networks, for example 192.0.2.0/25"};
  if (key.ends_with(".*") && looks_v4(key.substr(0, key.size() - 1)))
    return Error{"wildcards are not supported; " + no_address(key.substr(0, key.size() - 2)).what};
  if (!looks_numeric(key)) return {};
  const auto address = IpAddress::parse(key);
  if (!address) return no_address(key);
  return Network(*address, address->is_v4() ? 32 : 128);
}

}  // namespace mailweir
