// SPDX-License-Identifier: BSD-2-Clause
// The keys of the policy file, as their rows list them, and as mailweir.toml(5) does.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "../fixture/manual.h"
#include "base/duration.h"
#include "base/text.h"
#include "config/listed_keys.h"

using namespace mailweir;

namespace {

const std::string page = "mailweir.toml.5";
using Names = std::set<std::string>;

bool is_key(const std::string& name) {
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
}

std::string heading_of(const std::string& section) {
  return section == "dkim.key" ? "[[dkim.key]]" : '[' + section + ']';
}

// "24h" is "1d", "1024" is "1KiB".
bool same_bound(std::string a, const std::string& b) {
  while (!a.empty() && std::string(".,;:").find(a.back()) != std::string::npos) a.pop_back();
  if (const auto span = parse_duration(a)) return span == parse_duration(b);
  if (const auto size = parse_size(a)) return size == parse_size(b);
  return a == b;
}

// "least to most" stands in the text.
bool says_range(const std::string& text, const std::string& range) {
  const auto to = range.find(" to ");
  std::istringstream all(text);
  std::vector<std::string> words;
  for (std::string word; all >> word;) words.push_back(word);
  for (std::size_t i = 1; i + 1 < words.size(); ++i)
    if (words[i] == "to" && same_bound(words[i - 1], range.substr(0, to)) &&
        same_bound(words[i + 1], range.substr(to + 4)))
      return true;
  return false;
}

// The manual has the key, with its range; what is left of the manual's is in no row.
void take_described(const ListedKey& key, std::map<std::string, std::string>& in_manual) {
  CAPTURE(key.name);
  CAPTURE(key.range);
  const auto found = in_manual.find(key.name);
  CHECK(found != in_manual.end());
  if (found == in_manual.end()) return;
  CHECK((key.range.empty() || says_range(found->second, key.range)));
  in_manual.erase(found);
}

Names names_in(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return !(c >= 'a' && c <= 'z') && c != '_'; }, ' ');
  std::istringstream all(text);
  Names names;
  for (std::string word; all >> word;) names.insert(word);
  return names;
}

}  // namespace

TEST_CASE("keys: each is in the manual, with its range, and none besides") {
  for (const auto& section : listed_sections()) {
    CAPTURE(section.name);
    auto in_manual = manual_items(page, heading_of(section.name));
    for (const auto& key : section.keys) {
      take_described(key, in_manual);
    }
    for (const auto& item : in_manual) CHECK_MESSAGE(!is_key(item.first), item.first << " is in the manual only");
  }
}

TEST_CASE("keys: the manual has each section, and none besides") {
  Names known = {"[lists] and [maps]", "[[rule]]"}, in_manual;
  for (const auto& section : listed_sections()) known.insert(heading_of(section.name));
  for (const auto& heading : manual_headings(page))
    if (heading.starts_with('[')) in_manual.insert(heading);
  CHECK(in_manual == known);
}

TEST_CASE("keys: the manual says which need a restart") {
  const Names plain = {"all", "keys", "of", "and", "to", "from", "local", "except"};
  std::map<std::string, Names> all_of, in;  // except these; these
  std::istringstream text(manual_section(page, "What needs a restart"));
  for (std::string line; std::getline(text, line);) {
    const std::string all = "All keys of ", some = "In ";
    if (line.starts_with(all)) {
      const auto except = std::min(line.find(" except "), line.size());
      Names but = names_in(line.substr(except));
      for (const auto& name : plain) but.erase(name);
      for (const auto& section : names_in(line.substr(all.size(), except - all.size())))
        if (!plain.contains(section)) all_of[section] = but;
    } else if (line.starts_with(some)) {
      const auto colon = line.find(':');
      Names keys = names_in(line.substr(colon));
      for (const auto& name : plain) keys.erase(name);
      in[line.substr(some.size(), colon - some.size())] = keys;
    }
  }
  CHECK(all_of.size() + in.size() == 14);
  for (const auto& section : listed_sections()) {
    CAPTURE(section.name);
    for (const auto& key : section.keys) {
      CAPTURE(key.name);
      const bool told = all_of.contains(section.name)
                            ? !all_of[section.name].contains(key.name)
                            : in.contains(section.name) && in[section.name].contains(key.name);
      CHECK(told == key.needs_restart);
    }
  }
}

TEST_CASE("rule keys: each is in the manual, with its range, and none besides") {
  const std::string rules = "mailweir-rules.5";
  // Of a table, the lists of the manual; and what stands among them that is no key.
  struct Row {
    std::vector<std::string> headings;
    Names others;
  };
  const std::map<std::string, Row> rows = {
      {"rule", {{"DESCRIPTION", "ACTIONS"}, {"for"}}},  // of the example of a block
      {"rule.limit", {{"LIMITS"}, {"messages", "recipients", "bytes", "connections", "bounces"}}},
      {"rule.block", {{"Blocks"}, {}}},
  };
  for (const auto& table : listed_rule_tables()) {
    CAPTURE(table.name);
    if (table.name == "rule.limit.block" || table.name == "rule.remove_headers") {  // the manual shows an example
      const std::string text = manual_section(rules, table.name == "rule.remove_headers" ? "ACTIONS" : "LIMITS");
      for (const auto& key : table.keys) CHECK(text.find(' ' + key.name + " = ") != std::string::npos);
      continue;
    }
    const Row& row = rows.at(table.name);
    std::map<std::string, std::string> in_manual;
    for (const auto& heading : row.headings)
      for (const auto& [item, text] : manual_items(rules, heading))
        in_manual.emplace(item.substr(0, item.find(" =")), text);  // "hold = true" is hold
    for (const auto& key : table.keys) {
      CAPTURE(key.name);
      take_described(key, in_manual);
      CHECK_FALSE(key.needs_restart);
    }
    for (const auto& item : in_manual)
      CHECK_MESSAGE((!is_key(item.first) || row.others.contains(item.first)), item.first << " is in the manual only");
  }
}
