// SPDX-License-Identifier: BSD-2-Clause
// Table: a list (a set) or a map (keys with values) that conditions, limits and facts refer to. Immutable and
// thread-safe once made.
//
// Keys may be mixed: addresses and networks, mail addresses, "user@", domains, ".domains below", logins, plain words.
// All comparisons are of folded text; networks match the most specific one. "@example.com" is another spelling of
// "example.com", as key and as word.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "mail/address.h"

namespace mailweir {

enum class TableKind { list, map };

class Table {
 public:
  virtual ~Table() = default;
  // The value, "" in a list; nothing when not found. The view is good as long as the table.
  virtual std::optional<std::string_view> find(const IpAddress& address) const = 0;
  // A domain: itself, then ".parent" for each parent.
  virtual std::optional<std::string_view> find_domain(std::string_view domain) const = 0;
  // A mail address: itself, without its +extension, "user@", then as a domain. "<>" is the null sender.
  virtual std::optional<std::string_view> find(const Address& address) const = 0;
  // A login or any other word, exactly (folded). A login with an @ is not taken apart: the caller says what to try. IP
  // addresses and networks are no words.
  virtual std::optional<std::string_view> find_word(std::string_view word) const = 0;
  virtual std::size_t size() const = 0;
  // Visits all entries, in no order: for checking the values of a map when a policy is read.
  virtual void each(const std::function<void(std::string_view key, std::string_view value)>& visit) const = 0;
};
using TablePtr = std::shared_ptr<const Table>;

}  // namespace mailweir
