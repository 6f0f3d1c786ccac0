// SPDX-License-Identifier: BSD-2-Clause
#include "rule/pseudo_address.h"

#include <algorithm>

#include "base/text.h"
#include "mail/domain.h"
#include "mail/path.h"

namespace mailweir {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

bool is_alphanumeric(char c) { return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9'); }
// RFC 5322 3.2.3, RFC 6531 3.3; without % and !.
bool is_atom(char c) {
  return is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("#$&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool fits_plainly(std::string_view local) {
  if (local.empty() || local.starts_with('.') || local.starts_with('-') || local.ends_with('=')) return false;
  if (local.ends_with('.') || local.find("..") != local.npos) return false;
  return std::ranges::all_of(local, [](char c) { return c == '.' || is_atom(c); });
}

std::string coded(std::string_view text) {
  std::string done;
  for (const char c : text) {
    const bool dot = c == '.' && !done.empty() && done.back() != '.';
    const bool dash = (c == '-' || c == '_' || c == '+') && !done.empty();
    const auto byte = static_cast<unsigned char>(c);
    if (dot || dash || is_alphanumeric(c) || byte >= 0x80) done += c;
    else done.append({'=', hex_digits[byte >> 4], hex_digits[byte & 0xf]});
  }
  return done;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string done;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '=') {
      done += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return {};
    const auto value = [&](char c) { return hex_digits.find(c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c); };
    const auto first = value(text[at + 1]), second = value(text[at + 2]);
    if (first == hex_digits.npos || second == hex_digits.npos) return {};
    done += static_cast<char>(first << 4 | second);
    at += 2;
  }
  return done;
}

}  // namespace

std::string pseudo_domain(std::string_view route, std::size_t gateway, bool coded) {
  std::string domain = coded ? "x" : "";
  if (gateway > 0) domain += std::to_string(gateway + 1);
  if (!domain.empty()) domain += '.';
  return domain.append(route).append(".").append(route_domain);
}

bool is_pseudo_domain(std::string_view domain) { return is_at_or_below(domain, route_domain); }

std::optional<PseudoAddress> to_pseudo(std::string_view mailbox, std::string_view route, std::size_t gateway) {
  const auto at = mailbox.rfind('@');
  if (at == mailbox.npos || at == 0) return {};
  const auto local = mailbox.substr(0, at), written = mailbox.substr(at + 1);
  const bool literal = written.starts_with('[') && written.ends_with(']');
  const auto domain = literal ? std::string(written) : to_domain(written).value_or("");
  if (domain.empty() || (!literal && !is_plain_name(domain))) return {};
  if (!literal && fits_plainly(local))
    return PseudoAddress{std::string(local) + '=' + domain + '@' + pseudo_domain(route, gateway), false};
  return PseudoAddress{coded(std::string(local) + '@' + domain) + '@' + pseudo_domain(route, gateway, true), true};
}

std::optional<std::string> from_pseudo(std::string_view address) {
  const auto at = address.rfind('@');
  if (at == address.npos) return {};
  const auto local = address.substr(0, at);
  const auto domain = folded(address.substr(at + 1));
  if (!is_pseudo_domain(domain)) return {};
  const auto first = std::string_view(domain).substr(0, domain.find('.'));
  const bool with_label = std::ranges::count(domain, '.') == 3;
  if (with_label && first.starts_with('x')) {
    const auto mailbox = decoded(local);
    return mailbox && mailbox->find('@') != mailbox->npos ? std::optional(quoted_mailbox(*mailbox)) : std::nullopt;
  }
  const auto divider = local.rfind('=');
  if (divider == local.npos || divider == 0 || divider + 1 == local.size()) return {};
  return quoted_mailbox(std::string(local.substr(0, divider)) + '@' + std::string(local.substr(divider + 1)));
}

}  // namespace mailweir
