// SPDX-License-Identifier: BSD-2-Clause
// LiveTable: a table whose content is replaced while it is in use. A lookup sees what is there now.
// Thread-safe.
#pragma once

#include <map>
#include <string>

#include "base/guarded.h"
#include "base/result.h"
#include "port/table.h"

namespace mailweir {

class LiveTable final : public Table {
 public:
  explicit LiveTable(TablePtr first) : now_(std::move(first)) {}

  Found find(const IpAddress& address) const override { return now_.get()->find(address); }
  Found find_domain(std::string_view domain) const override { return now_.get()->find_domain(domain); }
  Found find(const Address& address) const override { return now_.get()->find(address); }
  Found find_word(std::string_view word) const override { return now_.get()->find_word(word); }
  std::size_t size() const override { return now_.get()->size(); }
  void each(const std::function<void(std::string_view, std::string_view)>& visit) const override {
    now_.get()->each(visit);
  }
  void require(const std::string& who, EntryCheck check) const override {
    checks_.with([&](auto& checks) { checks[who] = std::move(check); });
  }

  // Puts the new content in if all its entries pass the checks; else says which does not.
  Result<void> offer(TablePtr fresh) {
    const auto checks = checks_.with([](const auto& all) { return all; });
    std::string wrong;
    if (!checks.empty())
      fresh->each([&](std::string_view key, std::string_view value) {
        for (const auto& [who, check] : checks) {
          if (!wrong.empty()) return;
          if (const auto why = check(key, value)) wrong = std::string(key) + ": " + *why + " (" + who + ')';
        }
      });
    if (!wrong.empty()) return Error{wrong};
    now_.swap(std::move(fresh));  // the old one is freed here, or by the last lookup in it
    return {};
  }

 private:
  Snapshot<Table> now_;
  mutable Guarded<std::map<std::string, EntryCheck>> checks_;
};

}  // namespace mailweir
