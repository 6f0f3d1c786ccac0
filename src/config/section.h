// SPDX-License-Identifier: BSD-2-Clause
// Section: one TOML table, read strictly: each key is asked for by name and type, and a key that was not asked for is
// an error. Not a public header of the floor: it shows toml++; config/load.h is what others include.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "config/problems.h"

namespace mailweir {

// A value with the place where it stands.
template <typename T>
struct Placed {
  T value;
  Place place;
};

Place place_of(const toml::node& node);
Place place_of(const toml::key& key);
// Where the parts of a rule stand, for messages about what does not go together: "at", "when.0.sender",
// "limit.by.sender".
using Places = std::map<std::string, Place, std::less<>>;
// "a string", "an array", ...
std::string_view kind_of(const toml::node& node);
bool is_true(const toml::node& node);
// "a name is letters, digits, - _ and ."
bool is_name(std::string_view text, std::size_t longest = 64);

class Section {
 public:
  // `name` stands before the keys in messages: "milter" gives "milter.socket".
  Section(const toml::table& table, std::string name, Problems& problems)
      : table_(&table), name_(std::move(name)), problems_(&problems) {}

  // Of all of these, `key` outlives the section.
  const toml::node* node(std::string_view key);
  std::optional<Placed<std::string>> text(std::string_view key);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::int64_t> number(std::string_view key, std::int64_t least, std::int64_t most);
  std::optional<std::chrono::milliseconds> duration(std::string_view key, std::chrono::milliseconds least,
                                                    std::chrono::milliseconds most);
  std::optional<std::uint64_t> size(std::string_view key, std::uint64_t least, std::uint64_t most);
  // A string or an array of strings.
  std::optional<std::vector<Placed<std::string>>> texts(std::string_view key);
  std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string_view>& words);
  const toml::table* table(std::string_view key);
  bool has_asked(std::string_view key) const { return std::ranges::find(asked_, key) != asked_.end(); }
  std::string_view nearest_asked(std::string_view key) const;  // "" when none is near
  // Reports all keys that were not asked for. Call once, at the end.
  void finish();

  void wrong(const toml::node& node, std::string_view key, std::string_view why);
  void wrong(std::string_view key, std::string_view why);  // at the key's value, or at the table
  std::string full(std::string_view key) const {
    return name_.empty() ? std::string(key) : name_ + '.' + std::string(key);
  }
  Place place() const { return place_of(*table_); }
  const toml::table& raw() const { return *table_; }
  Problems& problems() { return *problems_; }
  void rename(std::string name) { name_ = std::move(name); }

 private:
  const toml::table* table_;
  std::string name_;
  Problems* problems_;
  std::vector<std::string_view> asked_;
};

}  // namespace mailweir
