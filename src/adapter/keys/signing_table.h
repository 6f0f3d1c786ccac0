// SPDX-License-Identifier: BSD-2-Clause
// SigningTable: the table of that name in opendkim.conf(5): ADDRESS NAME[:SIGNER]. It says by which names of the
// KeyTable the mail of an author is signed. Immutable and thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/keys/data_set.h"
#include "adapter/keys/row_index.h"
#include "adapter/keys/row_patterns.h"
#include "base/result.h"

namespace mailweir {

// A row, applied to mail of one domain.
struct SigningChoice {
  std::string key_name;  // in the KeyTable
  std::string signer;    // for i=, "" none
};

class SigningTable {
 public:
  SigningTable() : SigningTable(DataSet()) {}
  explicit SigningTable(DataSet set);

  // The rows for mail of this author: the first that opendkim finds, and with `multiple` the last, too. In a table of
  // patterns it finds those that match, from the top. In others it asks for user@sub.example.com (letter case does not
  // matter, non-ASCII never matches) in this order:
  //     user@sub.example.com  sub.example.com  user@.example.com  .example.com  user@.com  .com  user@*  *
  // (opendkim.conf(5) has all of the user@.DOMAIN before the first .DOMAIN, and promises a signature for each match;
  // opendkim 2.11 does this: it loses all between the first and the last.)
  std::vector<const DataSetRow*> find(std::string_view local, std::string_view domain, bool multiple) const;
  // "%" as the name, and in the signer, is the author's domain. An error without the row's place.
  static Result<SigningChoice> choice_of(const DataSetRow& row, std::string_view author_domain);

  // Why mail with this signer is not signed, and passes, with opendkim. Empty: it is.
  static std::string objection_to_signer(std::string_view signer);

  std::string where(const DataSetRow& row) const { return set_.where(row); }
  std::size_t size() const { return set_.rows().size(); }
  // "PATH:LINE: why", at most 20 and their count: rows that cannot be used, those that name what `has_key` does not
  // know among them.
  std::vector<std::string> errors(const std::function<bool(std::string_view)>& has_key) const;

 private:
  DataSet set_;
  RowIndex addresses_;
  RowPatterns patterns_;
  std::vector<std::string> bad_patterns_;
};

}  // namespace mailweir
