// SPDX-License-Identifier: BSD-2-Clause
// The list of facts in mailweir-rules(5) and the definitions agree: each fact is there with its type, its words, its
// stages and its meaning, and nothing else is there.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "base/text.h"
#include "fact/family.h"

namespace mailweir {
namespace {

struct Entry {
  std::string line, text;  // the first line, and what follows
};

// The page, wherever the tests run.
std::ifstream open_page() {
  const char* const source = std::getenv("srcdir");
  for (const std::string directory : {source != nullptr ? source : ".", ".", "..", "../.."}) {
    std::ifstream page(directory + "/man/mailweir-rules.5");
    if (page) return page;
  }
  return {};
}

// By name, all of the section FACTS that have stages.
std::map<std::string, Entry> entries() {
  std::map<std::string, Entry> all;
  std::ifstream page = open_page();
  REQUIRE_MESSAGE(page.is_open(), "man/mailweir-rules.5 was not found: run this in the build directory");
  std::string line, name;
  bool in_facts = false;
  while (std::getline(page, line)) {
    if (line.starts_with(".Sh ")) in_facts = line == ".Sh FACTS";
    if (!in_facts) continue;
    if (line.starts_with(".It Li ")) name = line.substr(7);
    else if (line.starts_with(".El")) name.clear();
    if (name.empty() || line.starts_with('.')) continue;
    Entry& entry = all[name];
    if (entry.line.empty()) entry.line = line;
    else entry.text += (entry.text.empty() ? "" : " ") + line;
  }
  std::erase_if(all, [](const auto& one) { return one.second.line.find("; milter ") == std::string::npos; });
  return all;
}

std::string type_in_words(const FactInfo& fact) {
  switch (fact.type) {
    case FactType::text: return "text";
    case FactType::login: return "login";
    case FactType::word: return "one of " + std::string(fact.words);
    case FactType::number: return "number";
    case FactType::version: return "TLS version";
    case FactType::decimal: return "number with decimals";
    case FactType::boolean: return "true or false";
    case FactType::ip: return "address";
    case FactType::domain: return "domain";
    case FactType::address: return "mail address";
    case FactType::dnsbl: return "DNSBL names";
    case FactType::blocked: return "names of rules and limits";
  }
  return {};
}

std::string stage_in_words(std::optional<Stage> stage) { return stage ? std::string(to_string(*stage)) : "never"; }

TEST_CASE("facts: mailweir-rules(5) has each with its type, stages and meaning, and no others") {
  auto manual = entries();
  for (const auto& fact : all_facts()) {
    if (fact.is_own()) continue;
    const std::string name = fact.argument == FactArgument::header ? "header.NAME" : std::string(fact.name);
    CAPTURE(name);
    const Entry entry = manual[name];
    CHECK(entry.line == type_in_words(fact) + "; milter " + stage_in_words(fact.known.milter) + ", policy " +
                            stage_in_words(fact.known.policy) + '.');
    // It begins a sentence there.
    CHECK(equal_folded(entry.text.substr(0, 1), fact.meaning.substr(0, 1)));
    CHECK(entry.text.substr(1, fact.meaning.size() - 1) == fact.meaning.substr(1));
    manual.erase(name);
  }
  for (const auto& [name, entry] : manual) FAIL_CHECK("no such fact: ", name, ": ", entry.line);
}

}  // namespace
}  // namespace mailweir
