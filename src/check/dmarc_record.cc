// SPDX-License-Identifier: BSD-2-Clause
#include "check/dmarc_record.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t longest_record = 4000;  // each look at it is linear in its length

// What stands behind the first "name =" of the record; nothing: it has no such tag. A tag without "=" is ignored.
std::optional<std::string_view> value_of(std::string_view record, std::string_view name) {
  while (!record.empty()) {
    const auto end = std::min(record.find(';'), record.size());
    const auto tag = record.substr(0, end);
    record.remove_prefix(std::min(end + 1, record.size()));
    const auto equals = tag.find('=');
    if (equals != tag.npos && equal_folded(trimmed(tag.substr(0, equals)), name))
      return trimmed(tag.substr(equals + 1));
  }
  return {};
}

std::optional<DmarcPolicy> policy_of(std::string_view value) {
  for (const DmarcPolicy policy : {DmarcPolicy::none, DmarcPolicy::quarantine, DmarcPolicy::reject})
    if (equal_folded(value, to_string(policy))) return policy;
  return {};
}

bool says(std::string_view record, std::string_view name, std::string_view value) {
  const auto found = value_of(record, name);
  return found && equal_folded(*found, value);
}

constexpr bool is_letter(char c) { return fold(c) >= 'a' && fold(c) <= 'z'; }

// RFC 3986 3, as far as it matters here: a scheme, and something behind it.
bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos || colon + 1 == text.size() || !is_letter(text.front())) return false;
  const auto in_scheme = [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), in_scheme) &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool requests_reports(std::string_view record) {
  const auto addresses = split(value_of(record, "rua").value_or(""), ',');
  return std::any_of(addresses.begin(), addresses.end(), [](std::string_view one) { return is_uri(trimmed(one)); });
}

}  // namespace

bool is_dmarc_record(std::string_view text) {
  if (!text.starts_with('v')) return false;
  // "v = DMARC1 ;": blanks are allowed around the equals sign; the value is case-sensitive.
  const auto tag = text.substr(0, text.find(';'));
  const auto equals = tag.find('=');
  return equals != tag.npos && trimmed(tag.substr(0, equals)) == "v" && trimmed(tag.substr(equals + 1)) == "DMARC1";
}

DmarcPsd dmarc_psd(std::string_view text) {
  if (says(text, "psd", "y")) return DmarcPsd::yes;
  return says(text, "psd", "n") ? DmarcPsd::no : DmarcPsd::unsaid;
}

Result<DmarcRecord> read_dmarc_record(std::string_view text) {
  if (text.size() > longest_record)
    return Error{"the record is longer than " + std::to_string(longest_record) + " octets"};
  DmarcRecord record;
  record.strict_dkim = says(text, "adkim", "s");
  record.strict_spf = says(text, "aspf", "s");
  record.psd = dmarc_psd(text);
  record.testing = says(text, "t", "y");
  std::string_view unusable;
  const auto policy = [&](std::string_view name) -> std::optional<DmarcPolicy> {
    const auto value = value_of(text, name);
    if (!value) return {};
    const auto found = policy_of(*value);
    if (!found && unusable.empty()) unusable = name;
    return found;
  };
  record.policy = policy("p").value_or(DmarcPolicy::none);
  record.subdomains = policy("sp");
  record.nonexistent = policy("np");
  if (unusable.empty()) return record;
  if (!requests_reports(text)) return Error{std::string(unusable) + "= is not none, quarantine or reject"};
  record.policy = DmarcPolicy::none;
  record.subdomains.reset();
  record.nonexistent.reset();
  return record;
}

}  // namespace mailweir
