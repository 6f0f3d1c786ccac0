// SPDX-License-Identifier: BSD-2-Clause
// Finding: what one look at an address or a domain of ours found. What came from the network is cleaned in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mailweir {

enum class Standing : std::uint8_t {
  good,
  listed,  // a DNSBL has it
  wrong,   // a record is missing, or is not as it should be
  blind,   // it could not be looked up: that says nothing of how it is
  kept,    // it was not looked at, because its DNSBL cannot be asked: as it was before
};
constexpr std::string_view to_string(Standing standing) {
  constexpr std::string_view words[] = {"good", "listed", "wrong", "cannot ask", "not asked"};
  return words[static_cast<std::size_t>(standing)];
}

// What was looked at.
struct Matter {
  std::string subject;  // "192.0.2.1", "example.com"; of a DNSBL that cannot be asked: its name
  std::string check;    // "dnsbl", "PTR", "forward", "HELO", "SPF", "DKIM", "DMARC", "MX"
  std::string of{};     // the DNSBL's name, the DKIM selector; else ""
  auto operator<=>(const Matter&) const = default;

  // "dnsbl zen", "DKIM s1", "SPF"
  std::string title() const { return of.empty() ? check : check + ' ' + of; }
};

struct Finding : Matter {
  Standing standing = Standing::good;
  std::string detail{};  // what was seen
  std::string advice{};  // what to do; "" of what is good
  std::string page{};    // of a listing: where its removal is asked for; "": not known
  std::string paste{};   // of a listing: a text for that page
};

// "192.0.2.1 is listed in zen (127.0.0.2)", "DNSBL zen cannot be asked (...)", "example.com: SPF is wrong (...)"
inline std::string in_words(const Finding& finding) {
  const std::string why = finding.detail.empty() ? "" : " (" + finding.detail + ')';
  if (finding.check == "dnsbl" && finding.standing == Standing::listed)
    return finding.subject + " is listed in " + finding.of + why;
  if (finding.check == "dnsbl" && finding.of.empty()) return "DNSBL " + finding.subject + " cannot be asked" + why;
  if (finding.standing == Standing::blind) return finding.subject + ": cannot ask " + finding.title() + why;
  return finding.subject + ": " + finding.title() + " is " + std::string(to_string(finding.standing)) + why;
}

}  // namespace mailweir
