// SPDX-License-Identifier: BSD-2-Clause
// PostfixTables: the settings and tables of an installed Postfix, as postconf(1) and postmap(1) know them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mailweir {

// "hash:/a, regexp:{ {/x/ y} }" has two: blanks and commas divide, but not within braces.
std::vector<std::string> tables_in(std::string_view list);

class PostfixTables {
 public:
  // `directory`: where main.cf is; "": Postfix's own.
  explicit PostfixTables(std::string directory) : directory_(std::move(directory)) {}

  // The value of a parameter of main.cf, with all $names in it replaced; "": not set, or no Postfix here.
  std::string setting(const std::string& name) const;
  // As main.cf has it.
  std::string written(const std::string& name) const { return run({"postconf", "-h", name}); }
  // That of a service of master.cf ("smtp-bad"); without one of its own it is main.cf's.
  std::string setting_of(const std::string& transport, const std::string& name) const;
  bool has_transport(const std::string& transport) const;
  // What the tables of a list have for a key; "": nothing.
  std::string find(std::string_view list, const std::string& key) const;
  // The keys of a table; none where it cannot be listed.
  std::vector<std::string> keys(const std::string& table) const;

 private:
  std::string run(std::vector<std::string> words) const;

  std::string directory_;
};

}  // namespace mailweir
