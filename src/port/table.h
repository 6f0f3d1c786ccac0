// SPDX-License-Identifier: BSD-2-Clause
// Table: a list (a set) or a map (keys with values) that conditions, limits and facts refer to. Thread-safe. A table
// may change while it is in use (its file was replaced, an entry expired, it lives in Redis): each lookup is of its
// own.
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
#include <utility>

#include "base/ip.h"
#include "mail/address.h"

namespace mailweir {

enum class TableKind { list, map };

// What a lookup found: the value ("" in a list), nothing, or that the table could not be asked.
class Found {
 public:
  Found() = default;  // not there
  Found(std::string_view value) : value_(std::in_place, value) {}
  static Found outage() {
    Found found;
    found.outage_ = true;
    return found;
  }

  bool has_value() const { return value_.has_value(); }
  explicit operator bool() const { return has_value(); }
  const std::string& operator*() const { return *value_; }
  const std::string* operator->() const { return &*value_; }
  bool is_outage() const { return outage_; }
  bool operator==(const Found&) const = default;
  bool operator==(std::string_view value) const { return value_ == value; }
  bool operator==(std::nullopt_t) const { return !value_ && !outage_; }

 private:
  std::optional<std::string> value_;
  bool outage_ = false;
};

// What each entry of a table must be for its user; says what is wrong, or nothing.
using EntryCheck = std::function<std::optional<std::string>(std::string_view key, std::string_view value)>;

class Table {
 public:
  virtual ~Table() = default;
  virtual Found find(const IpAddress& address) const = 0;
  // A domain: itself, then ".parent" for each parent.
  virtual Found find_domain(std::string_view domain) const = 0;
  // A mail address: itself, without its +extension, "user@", then as a domain. "<>" is the null sender.
  virtual Found find(const Address& address) const = 0;
  // A login or any other word, exactly (folded). A login with an @ is not taken apart: the caller says what to try. IP
  // addresses and networks are no words.
  virtual Found find_word(std::string_view word) const = 0;
  // Entries; of a table that lives elsewhere 0.
  virtual std::size_t size() const = 0;
  // Visits all entries that are here, in no order: for checking the values of a map when a policy is read.
  virtual void each(const std::function<void(std::string_view key, std::string_view value)>& visit) const = 0;
  // A new state of a table that changes counts only if all its entries pass. One check for each `who`, the last one
  // set.
  virtual void require(const std::string& who, EntryCheck check) const {
    static_cast<void>(who);
    static_cast<void>(check);
  }
};
using TablePtr = std::shared_ptr<const Table>;

}  // namespace mailweir
