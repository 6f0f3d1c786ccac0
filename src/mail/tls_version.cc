// SPDX-License-Identifier: BSD-2-Clause
#include "mail/tls_version.h"

#include <algorithm>

#include "base/text.h"

namespace mailweir {
namespace {

std::optional<std::uint8_t> part(std::string_view text) {
  const auto number = text.size() <= 2 ? to_number(text) : std::nullopt;
  if (!number) return {};
  return static_cast<std::uint8_t>(*number);
}

}  // namespace

std::optional<TlsVersion> TlsVersion::parse(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == text.npos) return {};
  const auto major_part = part(text.substr(0, dot)), minor_part = part(text.substr(dot + 1));
  if (!major_part || !minor_part) return {};
  return TlsVersion{*major_part, *minor_part};
}

std::optional<TlsVersion> TlsVersion::of_protocol(std::string_view name) {
  constexpr std::string_view tls = "TLSv", ssl = "SSLv";
  const auto version = name.substr(std::min(name.size(), tls.size()));
  if (name.starts_with(ssl)) {
    const auto number = part(version);
    if (!number) return {};
    return TlsVersion{0, *number};
  }
  if (!name.starts_with(tls)) return {};
  if (version.find('.') != version.npos) return parse(version);
  const auto number = part(version);
  if (!number) return {};
  return TlsVersion{*number, 0};
}

std::string TlsVersion::to_string() const { return std::to_string(major_number) + '.' + std::to_string(minor_number); }

std::optional<std::uint16_t> read_keysize(std::string_view text) {
  const auto bits = to_number(text);
  if (!bits || *bits == 0 || *bits > 65535) return {};
  return static_cast<std::uint16_t>(*bits);
}

}  // namespace mailweir
