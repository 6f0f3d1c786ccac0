// SPDX-License-Identifier: BSD-2-Clause
#include "config/tls_level.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "config/problems.h"

namespace mailweir {
namespace {

// In the order of TLS_README, from none to all.
const std::vector<std::string_view> levels = {"none",      "may",         "encrypt", "dane",
                                              "dane-only", "fingerprint", "verify",  "secure"};
const std::vector<std::string_view> attributes = {"ciphers", "connection_reuse", "enable_rpk", "exclude",
                                                  "match",   "protocols",        "servername", "tafile"};
const std::vector<std::string_view> grades = {"export", "low", "medium", "high", "null"};
const std::vector<std::string_view> protocols = {"SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};

bool is_one_of(const std::vector<std::string_view>& all, std::string_view word) {
  return std::ranges::any_of(all, [word](std::string_view each) { return equal_folded(each, word); });
}

std::string shown(std::string_view word) { return '"' + cleaned(word, true, 40) + '"'; }

std::string unknown(std::string_view what, std::string_view word, const std::vector<std::string_view>& all) {
  const auto guess = nearest(folded(word), all);
  std::string names;
  for (const auto each : all) names += (names.empty() ? "" : " ") + std::string(each);
  return shown(word) + " is not " + std::string(what) +
         (guess.empty() ? ": " + names : "; did you mean " + std::string(guess) + '?');
}

// Blanks and commas part them; in braces "{ name = value }" may have both, as in "{ match = a.example:b.example }".
std::vector<std::string> parts_of(std::string_view value) {
  std::vector<std::string> parts;
  std::string part;
  bool braced = false;
  for (const char c : value) {
    if (c == '{' && part.empty() && !braced) braced = true;
    else if (c == '}' && braced) braced = false;
    else if (!braced && (c == ' ' || c == '\t' || c == ',')) {
      if (!part.empty()) parts.push_back(std::move(part));
      part.clear();
    } else if (!braced || (c != ' ' && c != '\t')) part += c;
  }
  if (!part.empty()) parts.push_back(std::move(part));
  return parts;
}

// "!SSLv3:!TLSv1", "TLSv1.2:TLSv1.3", ">=TLSv1.2", "<=0304".
std::string wrong_protocols(std::string_view value) {
  for (std::string_view one : split(value, ':')) {
    for (const std::string_view sign : {">=", "<=", "!"})
      if (one.starts_with(sign)) {
        one.remove_prefix(sign.size());
        break;
      }
    const bool number = one.size() == 4 && one.find_first_not_of("0123456789abcdefABCDEF") == one.npos;
    if (!number && !is_one_of(protocols, one)) return unknown("a protocol", one, protocols);
  }
  return {};
}

std::string wrong_attribute(std::string_view part, std::string_view level) {
  const auto equals = part.find('=');
  if (equals == part.npos || equals == 0 || equals + 1 == part.size())
    return shown(part) + " is not an attribute: write name=value, without blanks";
  const auto name = part.substr(0, equals), value = part.substr(equals + 1);
  if (!is_one_of(attributes, name)) return unknown("an attribute of a TLS policy", name, attributes);
  if (level == "none") return "level none takes no attributes";
  if (equal_folded(name, "protocols")) return wrong_protocols(value);
  if (equal_folded(name, "ciphers") && !is_one_of(grades, value)) return unknown("a cipher grade", value, grades);
  if (equal_folded(name, "match") && level != "fingerprint" && level != "verify" && level != "secure")
    return "match= is for levels fingerprint, verify and secure; level " + std::string(level) +
           " does not look at names";
  return {};
}

}  // namespace

std::string wrong_tls_level(std::string_view value) {
  const bool printable = std::ranges::all_of(value, [](char c) { return c == '\t' || (c >= ' ' && c < 0x7f); });
  if (!printable || value.size() > 1000) return "must be printable ASCII, at most 1000 characters";
  const auto parts = parts_of(value);
  if (parts.empty()) return "is empty; write a level: none may encrypt dane dane-only fingerprint verify secure";
  const auto level = folded(parts.front());
  if (std::ranges::find(levels, level) == levels.end())
    return unknown("a level of smtp_tls_policy_maps", parts.front(), levels);
  bool match = false;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (auto wrong = wrong_attribute(parts[i], level); !wrong.empty()) return wrong;
    match = match || starts_folded(parts[i], "match=");
  }
  if (level == "fingerprint" && !match) return "level fingerprint needs match=, the fingerprint of the certificate";
  return {};
}

bool forces_tls(std::string_view value) {
  const auto parts = parts_of(value);
  if (parts.empty()) return false;
  const auto level = folded(parts.front());
  return level != "none" && level != "may";
}

}  // namespace mailweir
