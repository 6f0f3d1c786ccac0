// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/signing_table.h"

#include <algorithm>

#include "adapter/keys/table_errors.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t longest_address = 256;  // opendkim compares no more of an address

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

SigningTable::SigningTable(DataSet set)
    : set_(std::move(set)), addresses_(LetterCase::ignored), patterns_(LetterCase::ignored) {
  const bool has_patterns = set_.kind() == DataSetKind::patterns;
  if (!has_patterns) addresses_.reserve(set_.rows().size());
  for (std::uint32_t i = 0; i < set_.rows().size(); ++i) {
    const auto& row = set_.rows()[i];
    if (!has_patterns) addresses_.add(row.key, i);
    else if (const auto why = patterns_.add(row.key, i); !why.empty() && bad_patterns_.size() < TableErrors::most)
      bad_patterns_.push_back(set_.where(row) + ": " + why);
  }
  addresses_.sort();
  patterns_.sort();
}

std::vector<const DataSetRow*> SigningTable::find(std::string_view local, std::string_view domain,
                                                  bool multiple) const {
  if (local.empty() || domain.empty()) return {};  // opendkim signs nothing for such an author
  const std::string user = std::string(local) + '@';
  const DataSetRow *first = nullptr, *last = nullptr;
  const auto found = [&](std::uint32_t number) {
    const auto* row = &set_.rows()[number];
    (first == nullptr ? first : last) = row;
  };
  if (set_.kind() == DataSetKind::patterns) {
    const auto rows = patterns_.find((user + std::string(domain)).substr(0, longest_address));
    if (!rows.empty()) found(rows.front());
    if (rows.size() > 1) found(rows.back());
  } else {
    const auto look = [&](std::string_view key) {
      if ((first != nullptr && !multiple) || !is_ascii(key)) return;
      if (const auto rows = addresses_.find(key.substr(0, longest_address)); !rows.empty()) found(rows.front().row);
    };
    look(user + std::string(domain));
    look(domain);
    for (auto dot = domain.find('.'); dot != domain.npos; dot = domain.find('.', dot + 1)) {
      const auto parent = domain.substr(dot);
      look(user + std::string(parent));
      look(parent);
    }
    look(user + '*');
    look("*");
  }
  std::vector<const DataSetRow*> rows;
  if (first != nullptr) rows.push_back(first);
  if (last != nullptr && multiple) rows.push_back(last);
  return rows;
}

Result<SigningChoice> SigningTable::choice_of(const DataSetRow& row, std::string_view author_domain) {
  if (!row.has_value || row.value.empty()) return Error{"the name of a key is missing; write it behind the address"};
  const auto colon = std::min(row.value.find(':'), row.value.size());
  SigningChoice choice;
  choice.key_name = row.value.substr(0, colon);
  if (choice.key_name.empty()) return Error{"the name of a key is missing before the colon"};
  if (choice.key_name == "%") choice.key_name = author_domain;
  for (const char c : row.value.substr(std::min(colon + 1, row.value.size())))
    if (c == '%') choice.signer += author_domain;
    else choice.signer += c;
  return choice;
}

std::string SigningTable::objection_to_signer(std::string_view signer) {
  if (signer.empty() || signer.find('@') != signer.npos) return {};
  return "the signer \"" + cleaned(signer, false, 100) +
         "\" has no \"@\", so this mail is not signed; write USER@DOMAIN or @DOMAIN";
}

std::vector<std::string> SigningTable::errors(const std::function<bool(std::string_view)>& has_key) const {
  TableErrors errors;
  for (const auto& warning : set_.warnings()) errors.add(warning);
  for (const auto& error : bad_patterns_) errors.add(error);
  for (const auto& row : set_.rows()) {
    std::string why;
    if (const auto choice = choice_of(row, "%"); !choice) why = choice.error().what;
    else if (choice->key_name != "%" && !has_key(choice->key_name))
      errors.add(set_.where(row) + ": the key table has no \"" + cleaned(choice->key_name, false, 100) + '"');
    else if (!is_ascii(row.key))
      errors.add(set_.where(row) + ": \"" + cleaned(row.key, false, 100) +
                 "\" matches no address; write its domain as in the DNS (xn--...)");
  }
  return errors.take("the signing table");
}

}  // namespace mailweir
