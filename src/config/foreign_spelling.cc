// SPDX-License-Identifier: BSD-2-Clause
#include "config/foreign_spelling.h"

#include <algorithm>

#include "base/doubtful_text.h"
#include "base/ip.h"
#include "base/text.h"
#include "port/pattern.h"

namespace mailweir {
namespace {

using Spelling = std::optional<ForeignSpelling>;
using std::string_view;

ForeignSpelling error(std::string why) { return {std::move(why), false}; }
ForeignSpelling warning(std::string why) { return {std::move(why), true}; }

std::string in_quotes(string_view text) { return '"' + cleaned(text, false, 60) + '"'; }

constexpr string_view how_a_pattern = "a pattern is written between slashes: \"/.../\"";

// "john, doe"@example.com -> ___________@example.com: what stands in quotes is the local part's own.
std::string outside_quotes(string_view text) {
  std::string bare(text);
  bool inside = false;
  for (std::size_t i = 0; i < bare.size(); ++i) {
    const bool quote = text[i] == '"', escaped = inside && text[i] == '\\' && i + 1 < bare.size();
    if (inside || quote) bare[i] = '_';
    if (escaped) bare[++i] = '_';
    inside = inside != quote;
  }
  return inside ? std::string(text) : bare;
}

Spelling wildcard(string_view text, const FactRef& fact, bool address) {
  if (text.find('*') == text.npos) return {};
  // These may well hold one: "*** Spam ***", the certificate of "*.example.com".
  if (fact.type() == FactType::text && fact.info().any_text) {
    if (text.starts_with('*') == text.ends_with('*')) return {};
    return warning("wildcards are not supported, so the * must be in the value; " + std::string(how_a_pattern));
  }
  const auto instead = [](string_view what, string_view spelling) {
    return error("wildcards are not supported; " + std::string(what) + in_quotes(spelling));
  };
  if (address && text.size() > 2) {
    if (text.starts_with("*.")) return instead("all names below a domain are ", text.substr(1));
    if (text.starts_with("*@")) return instead("all of a domain is ", text.substr(2));
    if (text.ends_with("@*")) return instead("a user of any domain is ", text.substr(0, text.size() - 1));
  }
  return error("wildcards are not supported; " + std::string(how_a_pattern));
}

// The types of maps and patterns that other software names before a colon, and near misses of our own.
Spelling prefix(string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos) return {};
  const std::string before = folded(text.substr(0, colon));
  const auto is = [&](std::initializer_list<string_view> names) {
    return std::find(names.begin(), names.end(), before) != names.end();
  };
  if (is({"regexp", "regex", "pcre", "re"})) return error(std::string(how_a_pattern));
  if (is({"list", "lists", "list ", "map", "maps", "map "})) {
    const std::string kind = before.substr(0, before.starts_with('l') ? 4 : 3);
    const std::string named = in_quotes(kind + ':' + std::string(trimmed(text.substr(colon + 1))));
    return error("a " + kind + " is written as " + named + ", in lower case and without a blank");
  }
  if (is({"file", "hash", "btree", "lmdb", "cdb", "texthash", "cidr", "static", "inline", "mysql", "pgsql", "ldap"}))
    return error("write \"list:NAME\", with NAME = \"file:...\" in [lists]");
  if (is({"redis"})) return error("write \"list:NAME\", with NAME = \"redis:KEY\" in [lists]");
  if (is({"mailto"})) return error("write the mail address alone: " + in_quotes(text.substr(colon + 1)));
  if (text.substr(colon).starts_with("://")) return error("is a URL, must be a domain or a mail address");
  return {};
}

Spelling slashes(string_view text, const FactRef& fact) {
  if (is_pattern_with_flags(text))
    return error("a pattern is written \"/.../\", without flags: case is ignored anyway");
  // X.400 names and those of certificates begin with one, and have equals signs.
  const bool plain = fact.type() != FactType::text && text.starts_with('/') && text.find('=') == text.npos;
  if (plain) return error("begins with a slash and does not end with one; " + std::string(how_a_pattern));
  return {};
}

Spelling several(string_view text, FactType type) {
  constexpr string_view how = "several values are an array: [\"...\", \"...\"]";
  const auto first = text.find_first_of(",;");
  if (first == text.npos) return {};
  if (type != FactType::login) return error(std::string(how));
  // A login may have one within: uid=alice,ou=people.
  const bool before_blank = first + 1 == text.size() || text[first + 1] == ' ' || text.back() == text[first];
  if (before_blank || std::count(text.begin(), text.end(), '@') > 1) return error(std::string(how));
  if (text.find('=') == text.npos) return warning("is read as one login; " + std::string(how));
  return {};
}

Spelling blanks(string_view text, string_view bare, FactType type) {
  if (trimmed(text).size() != text.size()) return error("begins or ends with a blank");
  if (type == FactType::login || bare.find_first_of(" \t") == bare.npos) return {};
  if (bare.find('<') != bare.npos) return error("is a name with an address; write the address alone");
  const bool one = std::count(bare.begin(), bare.end(), '@') == 1 && bare.find_last_of(" \t") < bare.find('@');
  // The log and mailweir-rules(5) have addresses without quotes.
  if (type == FactType::address && one)
    return warning("is read as one address with a blank before the @; several values are an array: [\"...\", \"...\"]");
  return error("has a blank; several values are an array: [\"...\", \"...\"]");
}

// In the domain of an address, or a domain. What a client says of itself in HELO may be anything.
Spelling in_domain(string_view bare, const FactRef& fact) {
  if (fact.info().any_text || fact.type() == FactType::login) return {};
  const auto at = bare.rfind('@');
  if (fact.type() == FactType::address && at != bare.npos && at + 1 == bare.size()) return {};
  const auto domain = bare.substr(at == bare.npos ? 0 : at + 1);
  if (domain.starts_with('[') || bare == "<>" || IpAddress::parse(domain)) return {};
  if (domain.find(':') != domain.npos) return error("has a \":\", which no domain name has");
  if (domain.find('/') != domain.npos) return error("has a \"/\", which no domain name has");
  if (domain.find_first_of("\\^$()|?+{}[]") != domain.npos)
    return error(in_quotes(domain) + " is not a valid domain name; " + std::string(how_a_pattern));
  return {};
}

// A word alone is the domain of that name: "localhost", but hardly "alice".
Spelling bare_word(string_view text, const FactRef& fact) {
  if (fact.type() != FactType::address || text == "localhost" || text.find_first_of("<@.[") != text.npos) return {};
  return warning("is read as a domain; a user of any domain is " + in_quotes(std::string(text) + '@'));
}

// rspamd's configuration may add actions, but a misspelt one would never match.
Spelling spam_action(string_view text) {
  for (const string_view known :
       {"no action", "greylist", "add header", "rewrite subject", "soft reject", "reject", "discard", "quarantine"})
    if (equal_folded(text, known)) return {};
  return warning(
      "is none of rspamd's own actions: no action, greylist, add header, rewrite subject, soft reject, reject");
}

}  // namespace

std::optional<ForeignSpelling> foreign_spelling(string_view text, const FactRef& fact) {
  const FactType type = fact.type();
  if (type != FactType::text && type != FactType::login && type != FactType::domain && type != FactType::address)
    return {};
  const bool address = type == FactType::address || type == FactType::domain;
  if (auto found = slashes(text, fact)) return found;
  if (type != FactType::text) {
    const std::string bare = outside_quotes(text);
    if (auto found = prefix(trimmed(text))) return found;
    if (auto found = several(bare, type)) return found;
    if (auto found = blanks(text, bare, type)) return found;
    if (bare.ends_with(':') && !IpAddress::parse(bare))
      return error("ends with a colon; write " + in_quotes(text.substr(0, text.size() - 1)));
    if (auto found = wildcard(text, fact, address)) return found;
    if (auto found = in_domain(bare, fact)) return found;
    if (auto doubt = doubt_about(text); !doubt.empty()) return warning(std::move(doubt));
    return bare_word(text, fact);
  }
  if (auto found = wildcard(text, fact, address)) return found;
  return fact.info().name == "spam_action" ? spam_action(text) : Spelling();
}

}  // namespace mailweir
