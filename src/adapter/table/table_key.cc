// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table/table_key.h"

#include <algorithm>

#include "base/network_text.h"
#include "base/text.h"
#include "mail/address.h"
#include "mail/domain.h"
#include "port/pattern.h"

namespace mailweir {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
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

// What other programs understand and we do not: reported, because it would never match.
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
  if (const auto network = try_network(key)) {
    if (!*network) return network->error();
    return TableKey{**network, {}};
  }
  if (const auto error = foreign_marks(key)) return *error;
  if (key.size() >= 2 && key.starts_with('"') && key.ends_with('"')) {
    const auto inner = key.substr(1, key.size() - 2);
    return inner.empty() ? Result<TableKey>(Error{"an empty key"}) : TableKey{{}, folded(inner)};
  }
  if (!key.starts_with('@') && key.find('@') != key.npos) return parse_mail_address(key);
  return parse_name(key);
}

}  // namespace mailweir
