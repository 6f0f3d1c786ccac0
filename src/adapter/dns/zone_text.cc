// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/dns/zone_text.h"

#include <algorithm>
#include <optional>

#include "base/duration.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

using dns::Type;

constexpr std::size_t most_errors = 20;
constexpr std::chrono::seconds usual_ttl{300};
constexpr Type all_types[] = {Type::A, Type::AAAA, Type::NS, Type::MX, Type::TXT, Type::PTR, Type::CNAME};

struct Token {
  std::string text;
  std::size_t column = 0;  // from 1
  bool quoted = false;
};

struct Mistake {  // thrown and caught in this file: a line is left at its first mistake
  std::size_t column;
  std::string why;
};

std::string shown(std::string_view text) { return '"' + cleaned(text, false, 80) + '"'; }

// \DDD or \X inside quotes; `at` stands on the backslash and is left on the last byte used.
char escaped_byte(std::string_view line, std::size_t& at) {
  const auto digit = [&](std::size_t i) { return i < line.size() && line[i] >= '0' && line[i] <= '9'; };
  if (at + 1 >= line.size()) throw Mistake{at + 1, "nothing follows the backslash"};
  if (!digit(at + 1)) return line[++at];
  if (!digit(at + 2) || !digit(at + 3)) throw Mistake{at + 1, "a byte is written \\DDD, three digits"};
  const auto value = *to_number(line.substr(at + 1, 3));
  if (value > 255) throw Mistake{at + 1, "a byte is at most \\255"};
  at += 3;
  return static_cast<char>(value);
}

Token quoted_token(std::string_view line, std::size_t& at) {
  Token token{{}, at + 1, true};
  for (++at; at < line.size() && line[at] != '"'; ++at)
    token.text += line[at] == '\\' ? escaped_byte(line, at) : line[at];
  if (at == line.size()) throw Mistake{token.column, "the closing quote is missing"};
  ++at;
  return token;
}

std::vector<Token> tokens_of(std::string_view line) {
  std::vector<Token> tokens;
  const auto blank = [&](std::size_t i) { return line[i] == ' ' || line[i] == '\t' || line[i] == '\r'; };
  for (std::size_t at = 0; at < line.size() && line[at] != ';';) {
    if (blank(at)) {
      ++at;
    } else if (line[at] == '"') {
      tokens.push_back(quoted_token(line, at));
    } else {
      Token token{{}, at + 1, false};
      while (at < line.size() && !blank(at) && line[at] != ';' && line[at] != '"') token.text += line[at++];
      tokens.push_back(std::move(token));
    }
  }
  return tokens;
}

std::optional<Type> type_of(const Token& token) {
  for (const Type type : all_types)
    if (!token.quoted && equal_folded(token.text, to_string(type))) return type;
  return {};
}

// "timeout" is what a resolver answers when its deadline has come; the zone answers it at once, without a wait.
std::optional<std::string> trouble_of(const Token& token) {
  if (equal_folded(token.text, "SERVFAIL")) return "SERVFAIL";
  if (equal_folded(token.text, "TIMEOUT")) return "timeout";
  return {};
}

std::optional<std::chrono::seconds> ttl_of(const Token& token) {
  if (token.text.empty() || token.text.front() < '0' || token.text.front() > '9') return {};
  if (const auto number = to_number(token.text); number && *number <= 0x7fffffff) return std::chrono::seconds(*number);
  if (const auto span = parse_duration(token.text)) return std::chrono::duration_cast<std::chrono::seconds>(*span);
  return {};
}

class Parser {
 public:
  void line(std::string_view text);
  Zone take() { return std::move(zone_); }

 private:
  using Tokens = std::vector<Token>;
  bool directive(const Tokens& tokens);
  std::string owner_of(const Token& token, bool may_be_address) const;
  std::string name_of(const Token& token) const;
  dns::Record record_of(Type type, const Tokens& tokens, std::size_t value) const;
  ZoneNode& node(const std::string& name);
  std::chrono::seconds ttl_and_class(const Tokens& tokens, std::size_t& at) const;
  void add_trouble(const Tokens& tokens, std::size_t at, const std::string& trouble);
  void add(std::size_t column, dns::Record record, std::chrono::seconds ttl);

  Zone zone_;
  std::string origin_, owner_;  // absolute; "": none yet
  bool has_origin_ = false;
  std::chrono::seconds ttl_ = usual_ttl;
};

bool Parser::directive(const Tokens& tokens) {
  const auto& word = tokens.front();
  if (!word.text.starts_with('$') || word.quoted) return false;
  if (tokens.size() != 2) throw Mistake{word.column, cleaned(word.text, false, 80) + " needs one value"};
  if (equal_folded(word.text, "$ORIGIN")) {
    origin_ = tokens[1].text == "." ? "" : name_of(tokens[1]);
    has_origin_ = !origin_.empty();
  } else if (equal_folded(word.text, "$TTL")) {
    const auto ttl = ttl_of(tokens[1]);
    if (!ttl) throw Mistake{tokens[1].column, shown(tokens[1].text) + " is not a TTL"};
    ttl_ = *ttl;
  } else {
    throw Mistake{word.column, shown(word.text) + " is unknown; only $ORIGIN and $TTL are supported"};
  }
  return true;
}

std::string Parser::name_of(const Token& token) const {
  std::string text = token.text;
  if (has_origin_ && text == "@") return origin_;
  if (has_origin_ && !text.ends_with('.')) text += '.' + origin_;
  // A blank, in quotes, is for what SPF macros ask for; to_domain knows host names only.
  const bool blank = text.find(' ') != text.npos;
  if (blank && text.ends_with('.')) text.pop_back();
  const auto name = blank ? std::optional(folded(text)) : to_domain(text);
  if (!name || !dns::is_askable(*name)) throw Mistake{token.column, shown(token.text) + " is not a valid domain name"};
  return *name;
}

std::string Parser::owner_of(const Token& token, bool may_be_address) const {
  const auto address = IpAddress::parse(token.text);
  if (!address) return name_of(token);
  if (!may_be_address) throw Mistake{token.column, "an address can only have a PTR record"};
  return address->reverse_name();
}

dns::Record Parser::record_of(Type type, const Tokens& tokens, std::size_t value) const {
  dns::Record record;
  record.type = type;
  if (value >= tokens.size()) {
    const auto& last = tokens.back();
    throw Mistake{last.column + last.text.size(), "the value is missing"};
  }
  const auto& first = tokens[value];
  std::size_t used = 1;
  if (type == Type::A || type == Type::AAAA) {
    const auto address = IpAddress::parse(first.text);
    if (!address || address->is_v4() != (type == Type::A))
      throw Mistake{first.column,
                    shown(first.text) + (type == Type::A ? " is not an IPv4 address" : " is not an IPv6 address")};
    record.address = *address;
  } else if (type == Type::MX) {
    const auto preference = to_number(first.text);
    if (!preference || *preference > 65535)
      throw Mistake{first.column, shown(first.text) + " is not a preference (0 to 65535); write MX 10 HOST"};
    if (value + 1 >= tokens.size()) throw Mistake{first.column + first.text.size(), "the host is missing"};
    record.preference = static_cast<std::uint16_t>(*preference);
    record.text = tokens[value + 1].text == "." ? "" : name_of(tokens[value + 1]);
    used = 2;
  } else if (type == Type::TXT) {
    used = tokens.size() - value;
    for (std::size_t i = 0; i < used; ++i) record.text += tokens[value + i].text;
  } else {
    record.text = name_of(first);
  }
  if (value + used < tokens.size())
    throw Mistake{tokens[value + used].column, shown(tokens[value + used].text) + " is one word too many"};
  return record;
}

ZoneNode& Parser::node(const std::string& name) {
  for (auto parent = parent_of(name); !parent.empty(); parent = parent_of(parent))
    zone_.nodes.try_emplace(std::string(parent));
  return zone_.nodes[name];
}

// `column`: where the type stands.
void Parser::add(std::size_t column, dns::Record record, std::chrono::seconds ttl) {
  auto& records = node(owner_).records;
  const auto is_alias = [](const ZoneRecord& each) { return each.record.type == Type::CNAME; };
  const bool aliased = std::any_of(records.begin(), records.end(), is_alias);
  if (aliased || (record.type == Type::CNAME && !records.empty()))
    throw Mistake{column, "a name with a CNAME has no other record (RFC 1034 3.6.2)"};
  records.push_back({std::move(record), ttl});
}

// TTL and class, in either order; `at` is moved behind them.
std::chrono::seconds Parser::ttl_and_class(const Tokens& tokens, std::size_t& at) const {
  auto ttl = ttl_;
  for (bool seen_class = false, seen_ttl = false; at < tokens.size(); ++at) {
    const auto number = ttl_of(tokens[at]);
    if (!seen_class && equal_folded(tokens[at].text, "IN")) {
      seen_class = true;
    } else if (!seen_ttl && number) {
      seen_ttl = true;
      ttl = *number;
    } else {
      break;
    }
  }
  return ttl;
}

// All types, or those that follow.
void Parser::add_trouble(const Tokens& tokens, std::size_t at, const std::string& trouble) {
  std::vector<Type> types(std::begin(all_types), std::end(all_types));
  if (at + 1 < tokens.size()) types.clear();
  while (++at < tokens.size()) {
    const auto type = type_of(tokens[at]);
    if (!type) throw Mistake{tokens[at].column, shown(tokens[at].text) + " is not one of A AAAA MX TXT PTR CNAME"};
    types.push_back(*type);
  }
  auto& troubles = node(owner_).troubles;
  for (const Type type : types) troubles[type] = trouble;
}

void Parser::line(std::string_view text) {
  const auto tokens = tokens_of(text);
  if (tokens.empty() || directive(tokens)) return;
  std::size_t at = 0;
  const bool indented = text.front() == ' ' || text.front() == '\t';
  const auto& first = tokens.front();
  const bool begins_with_type = type_of(first) || trouble_of(first) || equal_folded(first.text, "IN") || ttl_of(first);
  // 192.0.2.1 begins with a digit too, but is not a TTL: ttl_of wants a whole number or a span.
  const bool owner_left_out = indented && begins_with_type && !first.quoted;
  if (!owner_left_out) at = 1;
  else if (owner_.empty()) throw Mistake{first.column, "the name is missing"};

  const auto ttl = ttl_and_class(tokens, at);
  if (at >= tokens.size()) throw Mistake{tokens.back().column, "the type is missing"};
  const auto type = type_of(tokens[at]);
  const auto trouble = trouble_of(tokens[at]);
  if (!type && !trouble)
    throw Mistake{tokens[at].column,
                  shown(tokens[at].text) + " is not one of A AAAA MX TXT PTR CNAME SERVFAIL TIMEOUT"};
  if (!owner_left_out) owner_ = owner_of(first, trouble || type == Type::PTR);
  if (type) return add(tokens[at].column, record_of(*type, tokens, at + 1), ttl);
  add_trouble(tokens, at, *trouble);
}

}  // namespace

Result<Zone> parse_zone(std::string_view text, std::string_view name) {
  Parser parser;
  std::string errors;
  std::size_t number = 0, bad = 0;
  for (const auto line : split(text, '\n')) {
    ++number;
    try {
      parser.line(line);
    } catch (const Mistake& mistake) {
      if (++bad > most_errors) break;
      if (!errors.empty()) errors += '\n';
      errors +=
          std::string(name) + ':' + std::to_string(number) + ':' + std::to_string(mistake.column) + ": " + mistake.why;
    }
  }
  if (bad > most_errors) errors += "\n" + std::string(name) + ": more errors, not shown";
  if (bad > 0) return Error{std::move(errors)};
  return parser.take();
}

}  // namespace mailweir
