// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table/table_key.h"

#include <algorithm>
#include <bit>

#include "base/text.h"
#include "mail/address.h"
#include "mail/domain.h"
#include "port/pattern.h"

namespace mailweir {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (fold(c) >= 'a' && fold(c) <= 'f'); }
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}
template <typename Is>
bool all_are(std::string_view text, Is is) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is);
}

// Written as somebody writes an address of some kind, right or wrong.
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

// "ADDRESS/PREFIX" where one side at least is numbers.
Result<TableKey> parse_network(std::string_view host, std::string_view after) {
  const auto address = IpAddress::parse(host);
  if (!address) {
    const auto full = all_are(host, [](char c) { return is_digit(c) || c == '.'; }) ? filled_up(host) : "";
    if (full.empty()) return Error{'"' + std::string(host) + "\" before the / is not an IP address"};
    return Error{"an IPv4 address has four numbers; write " + full + '/' + std::string(after)};
  }
  if (const auto bits = address->is_v4() && after.find('.') != after.npos ? prefix_of_netmask(after) : std::nullopt)
    return Error{"write a netmask as a number of bits: " + Network(*address, *bits).to_string()};
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
  return TableKey{network, {}};
}

// A network or address, or what was meant to be one; nothing when it is another kind of key.
std::optional<Result<TableKey>> try_network(std::string_view key) {
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
  return TableKey{Network(*address, address->is_v4() ? 32 : 128), {}};
}

Result<TableKey> parse_mail_address(std::string_view key) {
  const auto address = Address::parse(key);
  const bool any_domain = key.ends_with('@') || key.ends_with("@>");
  if (address.domain().find('*') != std::string_view::npos) return Error{"wildcards are not supported"};
  if (!any_domain && !to_domain(address.domain())) {
    Error error{'"' + std::string(address.domain()) + "\" after the @ is not a valid domain name"};
    if (address.domain().starts_with('.')) error.what += "; a mail address has one domain";
    return error;
  }
  if (address.local().empty()) return Error{"the part before the @ is missing"};
  return TableKey{{}, address.text()};
}

Result<TableKey> parse_name(std::string_view key) {
  const bool below = key.starts_with('.');
  const bool mail_domain = key.starts_with('@');  // the whole domain: the same as without the @
  const auto name = below || mail_domain ? key.substr(1) : key;
  const bool must_be_domain = below || mail_domain;
  if (!must_be_domain && (is_ascii(name) ? !name.ends_with('.') : name.find('.') == name.npos))
    return TableKey{{}, folded(name)};
  const auto domain = to_domain(name);
  if (!domain && must_be_domain) return Error{'"' + std::string(name) + "\" is not a valid domain name"};
  return TableKey{{}, domain ? (below ? '.' + *domain : *domain) : folded(name)};
}

// What other programs understand and we do not: said, so that nobody waits for it to match.
std::optional<Error> foreign_spelling(std::string_view key) {
  if (key.starts_with("*."))
    return Error{"wildcards are not supported; all names below a domain are ." + std::string(key.substr(2))};
  if (key.starts_with("*@"))
    return Error{"wildcards are not supported; all of a domain is " + std::string(key.substr(2))};
  if (key == "*") return Error{"wildcards are not supported; in the overrides of a limit write default"};
  if (key.starts_with('!') && key.size() > 1)
    return Error{"a table cannot have exceptions; use two tables, and unless"};
  const bool expression = key.starts_with('/') && key.find_first_of("^$(|[\\") != key.npos;
  if ((key.size() > 2 && key.starts_with('/') && key.ends_with('/')) || is_pattern_with_flags(key) || expression)
    return Error{"a table cannot contain a pattern; write it in the condition, as \"/.../\""};
  return {};
}

// The marks of aliases(5) and of CSV, which would become part of the key.
std::optional<Error> foreign_marks(std::string_view key) {
  const auto quotes = key.starts_with('"') ? key.rfind('"') + 1 : 0;
  const auto plain = key.substr(quotes);
  if (const auto mark = plain.find_last_not_of(",;:"); !plain.empty() && mark + 1 != plain.size()) {
    const auto rest = key.substr(0, quotes + (mark == plain.npos ? 0 : mark + 1));
    if (rest.empty()) return Error{"the part before the " + std::string(plain.substr(0, 1)) + " is missing"};
    return Error{std::string("ends with a \"") + plain.back() + "\"; write " + std::string(rest) +
                 ", or the whole key in quotes if that belongs to it"};
  }
  if (plain.find('@') != plain.npos && plain.find_first_of(",;") != plain.npos)
    return Error{"write each key as a separate entry or line"};
  return {};
}

}  // namespace

std::string_view could_be_key(std::string_view domain) {
  if (domain.size() <= longest_table_key) return domain;
  const auto dot = domain.find('.', domain.size() - longest_table_key);
  return dot == domain.npos ? std::string_view() : domain.substr(dot);
}

Result<TableKey> parse_table_key(std::string_view key) {
  if (key.empty()) return Error{"an empty key"};
  if (key.size() > longest_table_key)
    return Error{"a key of more than " + std::to_string(longest_table_key) + " bytes"};
  if (std::any_of(key.begin(), key.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }))
    return Error{"a control character in the key"};
  if (key == "<>") return TableKey{};
  if (const auto error = foreign_spelling(key)) return *error;
  if (const auto network = try_network(key)) return *network;
  if (const auto error = foreign_marks(key)) return *error;
  if (key.size() >= 2 && key.starts_with('"') && key.ends_with('"')) {
    const auto inner = key.substr(1, key.size() - 2);
    return inner.empty() ? Result<TableKey>(Error{"an empty key"}) : TableKey{{}, folded(inner)};
  }
  if (!key.starts_with('@') && key.find('@') != key.npos) return parse_mail_address(key);
  return parse_name(key);
}

}  // namespace mailweir
