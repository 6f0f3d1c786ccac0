// SPDX-License-Identifier: BSD-2-Clause
#include "config/next_hop.h"

#include <algorithm>

#include "base/ip.h"
#include "base/text.h"
#include "mail/longest_address.h"
#include "rule/named_route.h"

namespace mailweir {
namespace {

std::string quoted(std::string_view text) { return '"' + cleaned(text, false, 60) + '"'; }

}  // namespace

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

bool is_next_hop(std::string_view text) {
  if (text.size() > longest_address) return false;
  const bool bracketed = text.starts_with('[');
  const auto end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && end == text.npos) return false;
  const auto host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  const auto rest = end == text.npos ? std::string_view() : text.substr(bracketed ? end + 1 : end);
  if (!rest.empty() && (!rest.starts_with(':') || !is_word(rest.substr(1)))) return false;
  return is_word(host) || (bracketed && IpAddress::parse(host.starts_with("ipv6:") ? host.substr(5) : host));
}

Result<std::string> transport(const std::string& text) {
  const auto colon = text.find(':');
  const auto name = std::string_view(text).substr(0, colon);
  if (colon == text.npos && is_word(name)) return Error{"has no colon; write \"" + text + ":\", or with a next hop"};
  if (!is_word(name) || (colon + 1 < text.size() && !is_next_hop(std::string_view(text).substr(colon + 1))))
    return Error{quoted(text) + " is not a transport of Postfix: \"smtp-ip1:\", \"smtp-ip1:[gw.example.org]:25\""};
  return text;
}

Result<std::string> mailer(const std::string& text) {
  const RouteTransport parts(text);
  if (is_word(parts.name) && (text.find(':') == text.npos || is_next_hop(parts.next_hop))) return text;
  return Error{
      quoted(text) +
      " is not the name of a mailer of Sendmail: \"mwbad\", or with a next hop, \"mwbad:[gw.example.org]:25\""};
}

Result<std::string> next_hop(const std::string& text) {
  if (is_next_hop(text)) return text;
  return Error{quoted(text) +
               " is not a next hop: write \"[gw.example.org]:587\", \"gw.example.org\" for its MX, or \"direct\""};
}

}  // namespace mailweir
