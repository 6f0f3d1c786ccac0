// SPDX-License-Identifier: BSD-2-Clause
// Several values of a fact in a table that lives elsewhere: it is asked once for all of them.
#include <doctest/doctest.h>

#include "check/login.h"
#include "fact/facts.h"
#include "fact/find_first.h"
#include "port/table_batch.h"

namespace mailweir {
namespace {

// Counts how it is asked; has one entry.
class Elsewhere final : public BatchTable {
 public:
  explicit Elsewhere(std::string entry, bool down = false) : entry_(std::move(entry)), down_(down) {}
  Found find(const IpAddress& address) const override { return one(address.to_string()); }
  Found find_domain(std::string_view domain) const override { return one(domain); }
  Found find(const Address& address) const override { return one(address.text()); }
  Found find_word(std::string_view word) const override { return one(word); }
  Found find_first(std::span<const TableQuery> queries) const override {
    ++batches;
    if (down_) return Found::outage();
    for (const TableQuery& query : queries) {
      const std::string text = query.address != nullptr ? query.address->text()
                               : query.ip != nullptr    ? query.ip->to_string()
                                                        : std::string(query.text);
      if (text == entry_) return Found("value");
    }
    return {};
  }
  std::size_t size() const override { return 0; }
  void each(const std::function<void(std::string_view, std::string_view)>&) const override {}

  mutable int batches = 0, singles = 0;

 private:
  Found one(std::string_view text) const {
    ++singles;
    return down_ ? Found::outage() : text == entry_ ? Found("value") : Found();
  }
  const std::string entry_;
  const bool down_;
};

TEST_CASE("find first: a table elsewhere is asked once, however many values there are") {
  std::vector<Address> addresses;
  for (int i = 0; i < 100; ++i) addresses.push_back(Address::parse("u" + std::to_string(i) + "@d.example"));
  std::vector<FactItem> items;
  for (const auto& address : addresses) items.emplace_back().address = &address;
  struct Row {
    std::string entry;
    std::size_t count;
    std::string_view want;
    int batches, singles;
  };
  const Row rows[] = {{"u99@d.example", 100, "value", 1, 0},
                      {"v@d.example", 100, "", 1, 0},
                      {"u0@d.example", 1, "value", 0, 1},
                      {"u0@d.example", 0, "", 0, 0}};
  for (const auto& row : rows) {
    CAPTURE(row.entry);
    const Elsewhere table(row.entry);
    const Found found = find_first_in(table, std::span(items).first(row.count), FactType::address);
    CHECK((found ? std::string_view(*found) : std::string_view()) == row.want);
    CHECK(table.batches == row.batches);
    CHECK(table.singles == row.singles);
  }
  const Elsewhere down("x", true);
  CHECK(find_first_in(down, items, FactType::address).is_outage());
}

TEST_CASE("find first: domains, words and addresses of machines go together, too; a login is looked up in two ways") {
  const Elsewhere table("b.example");
  const std::vector<FactItem> items{{.text = "a.example"}, {.text = "b.example"}};
  CHECK(find_first_in(table, items, FactType::domain) == "value");
  CHECK(find_first_in(table, items, FactType::text) == "value");
  CHECK(table.batches == 2);
  CHECK(find_first_in(table, items, FactType::login) == "value");
  CHECK(table.batches == 2);
}

TEST_CASE("login mismatch: by what the map has") {
  const Address address = Address::parse("a@example.com");
  CHECK(login_mismatch(Found(), "a@example.com", address) == false);
  CHECK(login_mismatch(Found(), "b", address) == true);
  CHECK(login_mismatch(Found("b, c"), "b", address) == false);
  CHECK(login_mismatch(Found::outage(), "b", address) == std::nullopt);
}

}  // namespace
}  // namespace mailweir
