// SPDX-License-Identifier: BSD-2-Clause
#include "check/spf_record.h"

#include <algorithm>

#include "base/text.h"

namespace mailweir::spf {
namespace {

constexpr std::string_view version = "v=spf1";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_byte(char c) {
  const char low = fold(c);
  return (low >= 'a' && low <= 'z') || is_digit(c) || c == '-' || c == '_' || c == '.';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}
  Record run();

 private:
  struct Term {
    std::string_view text;
    std::size_t at = 0;  // into the record
  };
  void term(const Term& term);
  void modifier(const Term& term, std::size_t equals);
  void directive(const Term& term);
  std::optional<unsigned> cut_prefix(std::string_view& argument, std::string_view slashes, unsigned most,
                                     std::size_t at);
  void network(Directive& directive, std::string_view argument, std::size_t at);

  const std::string_view text_;
  Record record_;
};

// "/24" or "//64" at the end of an argument, taken off it. No leading zeros (RFC 7208 5.6).
std::optional<unsigned> Parser::cut_prefix(std::string_view& argument, std::string_view slashes, unsigned most,
                                           std::size_t at) {
  const auto slash = argument.rfind('/');
  if (slash == argument.npos || slash + 1 < slashes.size()) return {};
  const auto start = slash + 1 - slashes.size();
  if (argument.substr(start, slashes.size()) != slashes) return {};
  const auto digits = argument.substr(slash + 1);
  if (!std::all_of(digits.begin(), digits.end(), is_digit)) return {};
  const auto prefix = to_number(digits);
  if (!prefix || *prefix > most || (digits.size() > 1 && digits.front() == '0'))
    throw Fault{at + slash + 1, "a prefix length is a number from 0 to " + std::to_string(most)};
  argument = argument.substr(0, start);
  return static_cast<unsigned>(*prefix);
}

void Parser::network(Directive& directive, std::string_view argument, std::size_t at) {
  const bool four = directive.mechanism == Mechanism::ip4;
  if (four) directive.prefix4 = static_cast<std::uint8_t>(cut_prefix(argument, "/", 32, at).value_or(32));
  else directive.prefix6 = static_cast<std::uint8_t>(cut_prefix(argument, "/", 128, at).value_or(128));
  const bool plain = std::all_of(argument.begin(), argument.end(), [](char c) {
    return is_digit(c) || c == '.' || c == ':' || (fold(c) >= 'a' && fold(c) <= 'f');
  });
  const auto address = plain ? IpAddress::parse(argument) : std::nullopt;
  if (!address || (argument.find(':') == argument.npos) != four)
    throw Fault{at, four ? "is not an IPv4 network" : "is not an IPv6 network"};
  directive.network = address->bytes();
}

void Parser::directive(const Term& term) {
  constexpr std::pair<std::string_view, Mechanism> names[] = {
      {"all", Mechanism::all}, {"include", Mechanism::include}, {"a", Mechanism::a},     {"mx", Mechanism::mx},
      {"ptr", Mechanism::ptr}, {"ip4", Mechanism::ip4},         {"ip6", Mechanism::ip6}, {"exists", Mechanism::exists}};
  Directive directive;
  directive.text = term.text;
  auto rest = term.text;
  switch (rest.front()) {
    case '+': rest.remove_prefix(1); break;
    case '-': directive.qualifier = AuthWord::fail, rest.remove_prefix(1); break;
    case '~': directive.qualifier = AuthWord::softfail, rest.remove_prefix(1); break;
    case '?': directive.qualifier = AuthWord::neutral, rest.remove_prefix(1); break;
    default: break;
  }
  const auto name = rest.substr(0, rest.find_first_of(":/"));
  const auto* const found = std::find_if(std::begin(names), std::end(names),
                                         [&](const auto& each) { return equal_folded(each.first, name); });
  if (found == std::end(names)) throw Fault{term.at, "unknown mechanism"};
  directive.mechanism = found->second;
  rest.remove_prefix(name.size());
  const auto at = term.at + term.text.size() - rest.size();

  const auto mechanism = directive.mechanism;
  const bool colon = rest.starts_with(':');
  const bool wanted = mechanism == Mechanism::include || mechanism == Mechanism::exists || !directive.asks_dns();
  if (mechanism == Mechanism::all) {
    if (!rest.empty()) throw Fault{at, "\"all\" takes no value"};
  } else if (wanted && !colon) {
    throw Fault{at, "a colon and a value are missing"};
  } else if (!directive.asks_dns()) {
    network(directive, rest.substr(1), at + 1);
  } else {
    if (mechanism == Mechanism::a || mechanism == Mechanism::mx) {
      // A '/' may be part of the name, too: only what is a prefix length at the very end is one.
      directive.prefix6 = static_cast<std::uint8_t>(cut_prefix(rest, "//", 128, at).value_or(128));
      directive.prefix4 = static_cast<std::uint8_t>(cut_prefix(rest, "/", 32, at).value_or(32));
    }
    if (colon) directive.domain = parse_domain_spec(rest.substr(1), at + 1);
    else if (!rest.empty()) throw Fault{at, "is not a prefix length of this mechanism"};
  }
  record_.directives.push_back(std::move(directive));
}

void Parser::modifier(const Term& term, std::size_t equals) {
  const auto name = term.text.substr(0, equals);
  const auto value = term.text.substr(equals + 1);
  const auto at = term.at + equals + 1;
  const bool redirect = equal_folded(name, "redirect");
  if (!redirect && !equal_folded(name, "exp")) {
    parse_macros(value, false, at);  // not known to us, but it must be well formed (RFC 7208 6)
    return;
  }
  auto& kept = redirect ? record_.redirect : record_.explanation;
  if (kept) throw Fault{term.at, "occurs twice in the record"};
  kept = parse_domain_spec(value, at);
  if (redirect) record_.redirect_text = term.text;
}

void Parser::term(const Term& term) {
  const auto name_end = std::find_if_not(term.text.begin(), term.text.end(), is_name_byte) - term.text.begin();
  const auto end = static_cast<std::size_t>(name_end);
  if (end == term.text.size() || term.text[end] != '=') return directive(term);
  const char first = fold(term.text.front());
  if (first < 'a' || first > 'z') throw Fault{term.at, "a modifier's name begins with a letter"};
  modifier(term, end);
}

Record Parser::run() {
  for (std::size_t at = version.size(); at < text_.size();) {
    if (text_[at] == ' ') {
      ++at;
      continue;
    }
    const auto end = std::min(text_.find(' ', at), text_.size());
    const Term one{text_.substr(at, end - at), at};
    for (std::size_t i = at; i < end; ++i)
      if (text_[i] < '!' || text_[i] > '~') throw Fault{i, "an octet that is not printable ASCII"};
    term(one);
    at = end;
  }
  return std::move(record_);
}

}  // namespace

bool same_bits(const std::array<std::uint8_t, 16>& a, const std::array<std::uint8_t, 16>& b, unsigned prefix) {
  const unsigned whole = prefix / 8, rest = prefix % 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool Directive::contains(const IpAddress& client) const {
  if (client.is_v4() != (mechanism == Mechanism::ip4)) return false;
  return same_bits(network, client.bytes(), client.is_v4() ? 96U + prefix4 : prefix6);
}

bool is_spf_record(std::string_view text) {
  return starts_folded(text, version) && (text.size() == version.size() || text[version.size()] == ' ');
}

std::variant<Record, Fault> parse_record(std::string_view text) {
  try {
    return Parser(text).run();
  } catch (Fault& fault) {
    return std::move(fault);
  }
}

}  // namespace mailweir::spf
