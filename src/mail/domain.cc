// SPDX-License-Identifier: BSD-2-Clause
#include "mail/domain.h"

#include <algorithm>

#include <idn2.h>

#include "base/handle.h"
#include "base/ip.h"
#include "base/text.h"

namespace mailweir {

bool fits_dns(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  std::size_t label = 0;
  for (const char c : name) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7f || ++label > 63) return false;
  }
  return label > 0;
}

bool is_plain_name(std::string_view name) {
  return fits_dns(name) && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
         });
}

std::optional<std::string> to_domain(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (fits_dns(text)) return folded(text);
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return {};
  if (text.size() > 1000 || text.find('\0') != text.npos || !is_utf8(text)) return {};
  char* ascii = nullptr;
  const int status = idn2_to_ascii_8z(std::string(text).c_str(), &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  if (status != IDN2_OK) return {};
  const CPtr<char, idn2_free> owner(ascii);
  if (!fits_dns(ascii)) return {};
  return folded(ascii);
}

std::string compared_domain(std::string_view text) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!ascii)
    if (auto name = to_domain(text)) return *std::move(name);
  return folded(text);
}

bool is_fully_qualified(std::string_view name) {
  if (name.starts_with('[') && name.ends_with(']'))
    return IpAddress::parse(name.substr(1, name.size() - 2)).has_value();
  const auto domain = to_domain(name);
  if (!domain || domain->find('.') == domain->npos) return false;
  bool last_all_digits = true;
  for (const auto label : split(*domain, '.')) {
    if (label.front() == '-' || label.back() == '-') return false;
    last_all_digits = true;
    for (const char c : label) {
      const bool digit = c >= '0' && c <= '9';
      if (!digit && !(c >= 'a' && c <= 'z') && c != '-') return false;
      last_all_digits = last_all_digits && digit;
    }
  }
  return !last_all_digits;
}

bool is_at_or_below(std::string_view name, std::string_view parent) {
  if (parent.empty() || !name.ends_with(parent)) return false;
  return name.size() == parent.size() || name[name.size() - parent.size() - 1] == '.';
}

std::string_view parent_of(std::string_view name) {
  const auto dot = name.find('.');
  return dot == name.npos ? std::string_view() : name.substr(dot + 1);
}

}  // namespace mailweir
