// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/key_table.h"

#include "adapter/keys/key_folder.h"
#include "adapter/keys/table_errors.h"
#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::string_view own = "%";

struct Fields {
  std::string_view domain, selector, key;
};

// The third field may have colons.
Result<Fields> fields_of(const DataSetRow& row) {
  const auto first = row.value.find(':');
  const auto second = first == row.value.npos ? first : row.value.find(':', first + 1);
  if (second == row.value.npos) return Error{"is not DOMAIN:SELECTOR:KEY behind the name"};
  const Fields fields{row.value.substr(0, first), row.value.substr(first + 1, second - first - 1),
                      row.value.substr(second + 1)};
  if (fields.domain.empty() || fields.selector.empty() || fields.key.empty())
    return Error{std::string(fields.domain.empty()     ? "the domain"
                             : fields.selector.empty() ? "the selector"
                                                       : "the key") +
                 " is missing; write DOMAIN:SELECTOR:KEY behind the name"};
  return fields;
}

bool names_file(std::string_view key) {
  return key.starts_with('/') || key.starts_with("./") || key.starts_with("../");
}

std::string quoted(std::string_view text) { return '"' + cleaned(text, false, 100) + '"'; }

}  // namespace

KeyTable::KeyTable(DataSet set) : set_(std::move(set)), names_(LetterCase::matters), patterns_(LetterCase::matters) {
  TableErrors errors;
  for (const auto& warning : set_.warnings()) errors.add(warning);
  std::string name;
  if (!has_patterns()) names_.reserve(set_.rows().size());
  for (std::uint32_t i = 0; i < set_.rows().size(); ++i) {
    const auto& row = set_.rows()[i];
    if (has_patterns()) {
      if (const auto why = patterns_.add(row.key, i); !why.empty()) errors.add(set_.where(row) + ": " + why);
    } else {
      names_.add(row.key, i);
    }
    if (const auto place = place_of(row, "example.com"); !place)
      errors.add(set_.where(row) + ": " + place.error().what);
  }
  names_.sort();
  patterns_.sort();
  errors_ = errors.take("the key table");
}

const DataSetRow* KeyTable::find(std::string_view name) const {
  if (has_patterns()) {
    const auto rows = patterns_.find(name);
    return rows.empty() ? nullptr : &set_.rows()[rows.front()];
  }
  const auto rows = names_.find(name);
  return rows.empty() ? nullptr : &set_.rows()[rows.front().row];
}

Result<TableKeyPlace> KeyTable::place_of(const DataSetRow& row, std::string_view author_domain) {
  const auto fields = fields_of(row);
  if (!fields) return fields.error();
  const bool authors = fields->domain == own;
  const auto written = authors ? author_domain : fields->domain;
  // What stands in a From field becomes a part of a path, or a name in the DNS.
  if (authors && !is_plain_name(author_domain))
    return Error{"mail of " + quoted(author_domain) + " has no domain to sign for"};

  TableKeyPlace place;
  auto domain = to_domain(written);
  if (!domain || !is_plain_name(*domain)) return Error{quoted(written) + " is not a domain to sign for"};
  place.domain = *std::move(domain);
  place.selector = folded(fields->selector);
  if (!is_plain_name(place.selector))
    return Error{quoted(fields->selector) +
                 " is not a selector; it is a name below _domainkey, of letters, digits, \"-\", \"_\" and dots"};
  place.is_path = names_file(fields->key);
  // opendkim leaves "%" in a path that begins with a dot.
  if (!fields->key.starts_with('/') || fields->key.find('%') == fields->key.npos) {
    place.key = fields->key;
    if (!place.is_path && !place.key.starts_with("-----BEGIN ") && !place.key.starts_with('M'))
      return Error{"the third field is neither a path, which begins with \"/\" or \"./\", nor a key in PEM or base64"};
  } else {
    for (const char c : fields->key)
      if (c == '%') place.key += written;
      else place.key += c;
  }
  return place;
}

}  // namespace mailweir
