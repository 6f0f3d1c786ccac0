// SPDX-License-Identifier: BSD-2-Clause
// Problems: all that is wrong with a policy file, gathered so that the admin sees everything at once.
// Each as "file:line:column: key: why".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mailweir {

struct Place {
  std::string file;
  unsigned line = 0, column = 0;  // from 1; 0: the file as a whole
  std::string to_string() const;  // "relay.toml:12:3"
};

class Problems {
 public:
  void error(const Place& place, std::string_view key, std::string_view why);
  void warning(const Place& place, std::string_view key, std::string_view why);

  // A warning, and which key cannot be used: its domain leaves unsigned.
  void unusable_key(const Place& place, std::string_view key, std::string_view why);

  bool any_error() const { return !errors_.empty(); }
  std::size_t error_count() const { return errors_.size(); }
  // As an admin goes through them: file by file as given, then by line and column.
  std::vector<std::string> errors(const std::vector<std::string>& files) const { return in_order(errors_, files); }
  std::vector<std::string> warnings(const std::vector<std::string>& files) const { return in_order(warnings_, files); }
  // Those of the warnings that unusable_key() told.
  const std::vector<std::string>& unusable_keys() const { return unusable_keys_; }

 private:
  struct Problem {
    Place place;
    std::string line;
  };
  static std::vector<std::string> in_order(std::vector<Problem> problems, const std::vector<std::string>& files);
  std::vector<Problem> errors_, warnings_;
  std::vector<std::string> unusable_keys_;
};

// The candidate that is most like `name`, "" when none is near: for "did you mean".
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace mailweir
