// SPDX-License-Identifier: BSD-2-Clause
// The rows of opendkim's tables: which there are, which match, what they mean. t/t-11-opendkim-tables has the same
// before the real opendkim.
#include <random>

#include <doctest/doctest.h>

#include <regex.h>

#include "adapter/keys/key_table.h"
#include "adapter/keys/row_patterns.h"
#include "adapter/keys/signing_table.h"

namespace mailweir {
namespace {

DataSet data_set(DataSetKind kind, const std::string& text) { return DataSet({"table", kind, "T"}, text); }

TEST_CASE("opendkim's data sets: what a setting names") {
  struct Row {
    const char *setting, *want;
  };
  const Row rows[] = {
      {"/etc/opendkim/KeyTable", "file /etc/opendkim/KeyTable"},
      {"  file:/etc/KeyTable ", "file /etc/KeyTable"},
      {"FILE:relative", "file relative"},
      {"refile:/etc/SigningTable", "patterns /etc/SigningTable"},
      {"csl:a=b:c", "list a=b:c"},
      {"a=b,c=d:e", "list a=b,c=d:e"},
      {"/a,b:c", "file /a,b:c"},
      {"KeyTable", "list KeyTable"},
      {"", "table: is empty; name a table, as in \"file:/etc/opendkim/KeyTable\""},
      {"file:", "table: names no file behind \"file:\""},
      {"/etc/KeyTable.db",
       "table: is a Berkeley DB file, which is not read here; write the table to a text file, one row a line"},
      {"dsn:mysql://x/y",
       "table: \"dsn:\" is not read here, only \"file:\", \"refile:\" and \"csl:\"; write the table to a text file, "
       "one "
       "row a line"},
      {"a=b:c",
       "table: \"a=b:\" is not a kind of table; it is \"file:PATH\", \"refile:PATH\" or \"csl:KEY=VALUE,...\" (a list "
       "whose first value has a colon needs \"csl:\" in front)"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.setting);
    const auto place = data_set_place("table", row.setting);
    const char* const kinds[] = {"list ", "file ", "patterns "};
    CHECK((place ? kinds[static_cast<int>(place->kind)] + place->text : place.error().what) == row.want);
  }
}

TEST_CASE("opendkim's data sets: rows") {
  const auto file = DataSetKind::file, patterns = DataSetKind::patterns, list = DataSetKind::list;
  struct Row {
    const char* label;
    DataSetKind kind;
    std::string text, want;
  };
  const Row rows[] = {
      {"comments and blanks", file, "# x\n\n  \t\na b\nc\td e # f\n  g  h  \n", "4[a|b] 5[c|d e] 6[g|h] "},
      {"# ends what it stands in", file, "a#b c\nd e#f\n", "1[a] 2[d|e] "},
      {"the last line is open", file, "a b\nc d", "1[a|b] 2[c|d] "},
      {"CRLF", file, "a b\r\n\r\nc\r\n", "1[a|b] 3[c] "},
      {"no continuation", file, "a b\\\n c d\n", "1[a|b\\] 2[c|d] "},
      {"NUL", file, std::string("a b\nc\0 d\ne f\n", 12),
       "1[a|b] 3[e|f] T:2: has a NUL byte, and is not used; remove it"},
      {"longer than opendkim's 1023 bytes", file, "a " + std::string(2000, 'b') + "\n",
       "1[a|" + std::string(2000, 'b') + "] "},
      {"patterns", patterns, "*@a b\n*  c # d\n#\n", "1[*@a|b] 2[*|c] "},
      {"an indented pattern", patterns, " *@a b\nc d\n",
       "2[c|d] T:1: begins with a blank, and opendkim ignores such lines in a refile; move it to the left"},
      {"list", list, "a=b:c, d = e=f ,,g,h=", "1[a|b:c] 2[d|e=f] 3[g] 4[h|] "},
      {"nothing", file, "", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    const auto set = data_set(row.kind, row.text);
    std::string text;
    for (const auto& each : set.rows()) {
      text += std::to_string(each.number) + '[' + std::string(each.key);
      text += each.has_value ? '|' + std::string(each.value) + "] " : "] ";
    }
    for (const auto& warning : set.warnings()) text += warning;
    CHECK(text == row.want);
  }
}

TEST_CASE("opendkim's patterns: which match, in their order") {
  struct Row {
    std::vector<const char*> patterns;
    const char *text, *want;
  };
  const Row rows[] = {
      {{"*@example.com", "user@example.com", "*", "user@*"}, "user@example.com", "0 1 2 3 "},
      {{"*@example.com", "user@example.com", "*", "user@*"}, "user@other.example", "2 3 "},
      {{"*@example.com", "*example.com", "*.example.com"}, "a@sub.example.com", "1 2 "},
      {{"*@example.com", "*@EXAMPLE.com"}, "A@Example.Com", "0 1 "},
      {{"*xample.com", "*e", "e*m"}, "e@example.com", "0 2 "},
      {{"a.b@c", "a+b@c", "aab@c"}, "aab@c", "2 "},
      {{"a.b@c", "a+b@c"}, "a+b@c", "1 "},
      {{"**@a*", "*@*@*"}, "x@y@a.b", "0 1 "},
      {{"(a|b)@c", "[ab]@c", "a|b@c", "b?a@c", "*@c$", "{", "a{1}@c"}, "a@c", "0 1 2 3 4 6 "},
      {{"\\*@c"}, "..@c", "0 "},  // "\.*@c"
      {{"user@sub*example.com", "us*er@sub.example.com"}, "user@sub.example.com", "0 1 "},
      {{"", "a"}, "", "0 "},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CAPTURE(row.want);
    RowPatterns patterns(LetterCase::ignored);
    for (std::uint32_t i = 0; i < row.patterns.size(); ++i) static_cast<void>(patterns.add(row.patterns[i], i));
    patterns.sort();
    std::string text;
    for (const auto number : patterns.find(row.text)) text += std::to_string(number) + ' ';
    CHECK(text == row.want);
  }
  RowPatterns patterns(LetterCase::matters);
  CHECK(patterns.add("(", 0).starts_with("the pattern cannot be read ("));
  CHECK(patterns.add("(a)\\1", 0).starts_with("the pattern has a back reference"));
  CHECK(patterns.add('(' + std::string(2000, 'a') + ')', 0).starts_with("the pattern is too long"));
  CHECK(patterns.add("A*", 1).empty());
  patterns.sort();
  CHECK(patterns.find("Ab").size() == 1);
  CHECK(patterns.find("ab").empty());
}

// What the index leaves out must not match: against opendkim's own way, one regexec(3) a row.
TEST_CASE("opendkim's patterns: the index changes nothing") {
  std::mt19937 random(2119);
  const auto text_of = [&](std::string_view letters, std::size_t longest) {
    std::string text;
    for (auto size = random() % (longest + 1); size > 0; --size) text += letters[random() % letters.size()];
    return text;
  };
  std::vector<std::string> texts;
  for (int i = 0; i < 400; ++i) texts.push_back(text_of("ab@.**", 7));
  RowPatterns patterns(LetterCase::ignored);
  std::vector<regex_t> expressions(texts.size());
  for (std::uint32_t i = 0; i < texts.size(); ++i) {
    REQUIRE(patterns.add(texts[i], i).empty());
    std::string expression = "^";
    for (const char c : texts[i]) expression += c == '*' ? ".*" : c == '.' ? "\\." : std::string(1, c);
    REQUIRE(::regcomp(&expressions[i], (expression + '$').c_str(), REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0);
  }
  patterns.sort();
  for (int round = 0; round < 400; ++round) {
    const auto text = text_of("abAB@..", 8);
    CAPTURE(text);
    std::vector<std::uint32_t> want;
    for (std::uint32_t i = 0; i < texts.size(); ++i)
      if (::regexec(&expressions[i], text.c_str(), 0, nullptr, 0) == 0) want.push_back(i);
    CHECK(patterns.find(text) == want);
  }
  for (auto& expression : expressions) ::regfree(&expression);
}

TEST_CASE("opendkim's SigningTable: the first and the last match") {
  // Each address is its own value.
  const auto table_of = [](DataSetKind kind, std::vector<std::string> addresses) {
    std::string text;
    for (const auto& address : addresses) text += address + ' ' + address + '\n';
    return SigningTable(data_set(kind, text));
  };
  const std::vector<std::string> order = {"user@a.b.example", "a.b.example", "user@.b.example", ".b.example",
                                          "user@.example",    ".example",    "user@*",          "*"};
  // Whichever rows are there, in whichever order of lines.
  for (std::size_t from = 0; from < order.size(); ++from) {
    CAPTURE(from);
    const auto table = table_of(DataSetKind::file, {order.rbegin(), order.rend() - static_cast<long>(from)});
    const auto one = table.find("User", "a.b.example", false), both = table.find("User", "a.b.example", true);
    REQUIRE(one.size() == 1);
    CHECK(one[0]->value == order[from]);
    CHECK(both.size() == (from + 1 < order.size() ? 2 : 1));
    CHECK(both.front()->value == order[from]);
    CHECK(both.back()->value == "*");
  }

  struct Row {
    DataSetKind kind;
    std::vector<std::string> table;
    const char *local, *domain, *want;
  };
  const auto file = DataSetKind::file, patterns = DataSetKind::patterns;
  const std::string long_local(250, 'x');
  const Row rows[] = {
      {file, {".example"}, "user", "example", ""},
      {file, {"example"}, "user", "a.example", ""},
      {file, {"user@A.Example"}, "USER", "a.example", "user@A.Example "},
      {file, {"*@a.example", "user*"}, "user", "a.example", ""},
      {file, {"b\xc3\xbc@a.example", "a.example"}, "b\xc3\xbc", "a.example", "a.example "},
      {file, {"*"}, "", "a.example", ""},
      {file, {"*"}, "user", "", ""},
      {patterns, {"*@b", "*@a.example", "user@*", "u*"}, "user", "a.example", "*@a.example u* "},
      {patterns, {"a.example", ".example"}, "user", "a.example", ""},
      {patterns, {"*@a.example", "x*@a.ex"}, long_local.c_str(), "a.example", ""},  // cut to 256 bytes
      {patterns, {"*@a.example", "x*@a.ex"}, long_local.c_str() + 1, "a.example", ""},
      {patterns, {"*@a.exam"}, long_local.c_str() + 1, "a.example", "*@a.exam "},
  };
  for (const auto& row : rows) {
    CAPTURE(row.local);
    CAPTURE(row.table[0]);
    const auto table = table_of(row.kind, row.table);
    std::string text;
    for (const auto* found : table.find(row.local, row.domain, true)) text += std::string(found->key) + ' ';
    CHECK(text == row.want);
  }
}

TEST_CASE("opendkim's tables: what a row means") {
  struct Row {
    const char *value, *want;
  };
  const Row keys[] = {
      {"example.com:s1:/k/a.pem", "example.com s1 /k/a.pem"},
      {"Example.COM:S1:/k/%.pem", "example.com s1 /k/Example.COM.pem"},
      {"%:s1:/k/%/%.pem", "author.example s1 /k/author.example/author.example.pem"},
      {"%:s1:./%.pem", "author.example s1 ./%.pem"},
      {"a.example:s1:/k/a:b", "a.example s1 /k/a:b"},
      {"a.example:s1:MIIC", "a.example s1 (MIIC)"},
      {"b\xc3\xbc"
       "cher.example:s1:/k",
       "xn--bcher-kva.example s1 /k"},
      {"a.example:s1", "is not DOMAIN:SELECTOR:KEY behind the name"},
      {"a.example:s1:", "the key is missing; write DOMAIN:SELECTOR:KEY behind the name"},
      {"a.example::/k", "the selector is missing; write DOMAIN:SELECTOR:KEY behind the name"},
      {":s1:/k", "the domain is missing; write DOMAIN:SELECTOR:KEY behind the name"},
      {"x.%:s1:/k", "\"x.%\" is not a domain to sign for"},
      {"a.example:s 1:/k",
       "\"s 1\" is not a selector; it is a name below _domainkey, of letters, digits, \"-\", \"_\" and dots"},
      {"a.example:s1:key.pem",
       "the third field is neither a path, which begins with \"/\" or \"./\", nor a key in PEM or base64"},
  };
  for (const auto& row : keys) {
    CAPTURE(row.value);
    const KeyTable table(data_set(DataSetKind::file, std::string("name ") + row.value));
    const auto place = KeyTable::place_of(*table.find("name"), "author.example");
    const auto key = !place ? "" : place->is_path ? place->key : '(' + place->key + ')';
    CHECK((place ? place->domain + ' ' + place->selector + ' ' + key : place.error().what) == row.want);
    CHECK(table.errors().empty() == static_cast<bool>(place));
    if (!place) CHECK(table.errors()[0] == "T:1: " + place.error().what);
  }
  // An author is not a way to other files.
  const KeyTable table(data_set(DataSetKind::file, "own %:s1:/k/%\n"));
  for (const char* domain : {"../x", "a/b", "", ".", "a..b", "A.example", "[192.0.2.1]"}) {
    CAPTURE(domain);
    CHECK_FALSE(KeyTable::place_of(*table.find("own"), domain));
  }

  const Row choices[] = {
      {"name", "name "},
      {"name:", "name "},
      {"%", "author.example "},
      {"x%", "x% "},
      {"name:boss@%:%", "name boss@author.example:author.example"},
      {"", "the name of a key is missing; write it behind the address"},
      {":boss@%", "the name of a key is missing before the colon"},
  };
  for (const auto& row : choices) {
    CAPTURE(row.value);
    const auto set = data_set(DataSetKind::list, std::string("address=") + row.value);
    const auto choice = SigningTable::choice_of(set.rows()[0], "author.example");
    CHECK((choice ? choice->key_name + ' ' + choice->signer : choice.error().what) == row.want);
  }
}

TEST_CASE("opendkim's tables: names of keys") {
  const KeyTable table(data_set(DataSetKind::file, "a a.example:s1:/k\nA a.example:s2:/k\na a.example:s3:/k\n"));
  CHECK(table.find("a")->number == 1);
  CHECK(table.find("A")->number == 2);
  CHECK(table.find("b") == nullptr);
  const KeyTable patterns(data_set(DataSetKind::patterns, "a* a.example:s1:/k\n* a.example:s2:/k\n"));
  CHECK(patterns.find("abc")->number == 1);
  CHECK(patterns.find("Abc")->number == 2);
}

}  // namespace
}  // namespace mailweir
