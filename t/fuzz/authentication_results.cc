// SPDX-License-Identifier: BSD-2-Clause
// Authentication-Results: a field that names us is found whatever stands around the name, and what we write has one
// result a method, whatever the texts in it.
#include <algorithm>

#include "check/authentication_results.h"
#include "target.h"

namespace mailweir {
namespace {

using fuzz::must;

constexpr std::string_view ours = "mx.example.org";

// The semicolons that stand in no quotes.
std::size_t parts(std::string_view value) {
  std::size_t count = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (quoted && value[i] == '\\') ++i;
    else if (value[i] == '"') quoted = !quoted;
    else if (value[i] == ';' && !quoted) ++count;
  }
  must(!quoted);
  return count;
}

void write(std::string_view text) {
  const std::string half(text.substr(0, text.size() / 2)), rest(text.substr(text.size() / 2));
  const std::vector<MethodResult> results{{"dkim", AuthWord::pass, half, {{"header.d", rest}, {"header.b", half}}},
                                          {"spf", AuthWord::fail, "", {{"smtp.mailfrom", std::string(text)}}}};
  const auto value = authentication_results(ours, results);
  must(value.size() < 4000 && claims_authserv_id(value, ours) && parts(value) == results.size());
  must(std::count(value.begin(), value.end(), '\n') == 2);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    const bool in_fold = (byte == '\n' && value[i + 1] == '\t') || (byte == '\t' && value[i - 1] == '\n');
    must(in_fold || (byte >= ' ' && byte < 0x7f));
  }
  must(value.find("reason=\"\"") == value.npos);
}

}  // namespace

const std::size_t fuzz::changes = 60'000;

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  static_cast<void>(claims_authserv_id(text, ours));
  static_cast<void>(is_authserv_id(text));
  write(text);
  // Whatever follows a semicolon, a version or a blank, and whatever stands in a comment before.
  const std::string name(ours);
  for (const char* between : {";", " 1;", "\n\t;", " (x);"})
    must(claims_authserv_id(name + between + std::string(text), ours));
  std::string comment;
  for (const char c : text)
    if (c != '(' && c != ')' && c != '\\') comment += c;
  must(claims_authserv_id('(' + comment + ") MX.Example.ORG. ; none", ours));
  const std::string escaped(text.empty() ? "x" : text.substr(0, 1));
  must(claims_authserv_id("\n (a\\" + escaped + "(" + comment + "))\"mx.example.org\"; none", ours));
  return 0;
}
