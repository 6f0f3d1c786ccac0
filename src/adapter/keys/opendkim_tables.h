// SPDX-License-Identifier: BSD-2-Clause
// OpendkimTables: which keys sign the mail of an author, by opendkim's own KeyTable and SigningTable, unchanged. It
// answers as opendkim 2.11 does, which is not always what opendkim.conf(5) says (signing_table.h, key_table.h). Where
// opendkim defers the message, because the first row that matches has no key or not a good one, the answer has a
// trouble; a row further down does not take its place.
//
// Different on purpose: a row or a key that cannot be used harms the mail that it would sign and no other, where
// opendkim would not start or would defer more; with MultipleSignatures a good key is found beside a bad one; what
// opendkim would sign twice in the same way (same key, domain, selector and signer) is signed once; a domain or
// selector that cannot be in the DNS is a trouble.
//
// The tables are read when this is made, and again when a file changes, which is looked at once a second: a table that
// cannot be read any more leaves the one that was read. Keys are read at their first use (table_key_cache.h).
// Thread-safe; files are read on a thread that may block (base/blocking.h).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/keys/table_key_cache.h"
#include "base/clock.h"
#include "base/result.h"
#include "port/key_source.h"

namespace mailweir {

struct OpendkimTablesConfig {
  std::string key_table{}, signing_table{};  // as in opendkim.conf(5): file:, refile:, csl:, a path, a list
  bool multiple_signatures = false;  // MultipleSignatures: not only the first row that matches (signing_table.h)
  std::size_t most_keys = 20'000;    // in memory
};

struct SigningKeysFound : KeysFound {
  std::vector<std::string> signers;  // for i=, of each of `keys`; "" none
};

class OpendkimTables : public AuthorKeySource {
 public:
  // The keys for mail from local@domain, in the order in which opendkim signs. The local part as it stands in the From
  // field, the domain in to_domain's spelling. Never fails: see KeysFound. May wait, not longer than until the
  // deadline.
  virtual SigningKeysFound find(std::string_view local, std::string_view domain, Deadline deadline) = 0;
  // "PATH:LINE: what is wrong", of the tables as they are now; at most 21 each. The log has them from `news`.
  virtual std::vector<std::string> errors() const = 0;
  virtual const TableKeyStats& key_stats() const = 0;
  // Tables read since the start.
  virtual std::uint64_t table_reads() const = 0;
};

// An error if a setting names what is not read here. A file that cannot be read yet is not an error of this: it is in
// errors(), and tried again each second. The clock must outlive it.
Result<std::shared_ptr<OpendkimTables>> make_opendkim_tables(const OpendkimTablesConfig& config, const Clock& clock);

}  // namespace mailweir
