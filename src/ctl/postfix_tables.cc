// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/postfix_tables.h"

#include "base/text.h"
#include "ctl/run_program.h"

namespace mailweir {

std::vector<std::string> tables_in(std::string_view list) {
  std::vector<std::string> tables;
  std::string one;
  int depth = 0;
  for (const char c : list) {
    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    const bool divides = depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n');
    if (!divides) one += c;
    if (!divides || one.empty()) continue;
    tables.push_back(std::move(one));
    one.clear();
  }
  if (!one.empty()) tables.push_back(std::move(one));
  return tables;
}

// The program, its options, then where main.cf is.
std::string PostfixTables::run(std::vector<std::string> words) const {
  if (!directory_.empty()) words.insert(words.begin() + 1, {"-c", directory_});
  const auto ran = run_program(words);
  return ran && ran->status == 0 ? std::string(trimmed(ran->out)) : std::string();
}

std::string PostfixTables::setting(const std::string& name) const { return run({"postconf", "-xh", name}); }

std::string PostfixTables::setting_of(const std::string& transport, const std::string& name) const {
  const auto line = run({"postconf", "-Px", transport + "/unix/" + name});
  const auto at = line.find(" = ");
  if (at != line.npos) return line.substr(at + 3);
  return line.ends_with(" =") ? std::string() : setting(name);
}

bool PostfixTables::has_transport(const std::string& transport) const {
  return !run({"postconf", "-M", transport + "/unix"}).empty();
}

std::string PostfixTables::find(std::string_view list, const std::string& key) const {
  for (const auto& table : tables_in(list))
    if (auto found = run({"postmap", "-q", key, table}); !found.empty()) return found;
  return {};
}

std::vector<std::string> PostfixTables::keys(const std::string& table) const {
  std::vector<std::string> keys;
  const auto listed = run({"postmap", "-s", table});
  for (const auto line : split(listed, '\n'))
    if (const auto found = words(line); !found.empty()) keys.emplace_back(found.front());
  return keys;
}

}  // namespace mailweir
