// SPDX-License-Identifier: BSD-2-Clause
#include "mail/address_list.h"

#include <algorithm>
#include <span>
#include <string>
#include <unordered_set>

#include "base/text.h"
#include "mail/encoded_word.h"
#include "mail/headers.h"
#include "mail/path.h"

namespace mailweir {
namespace {

struct Token {
  enum class Kind { word, encoded_word, special, end };
  Kind kind = Kind::end;
  bool blank_before = false;  // a blank or a comment
  std::string_view text;      // as written: user, "a b", [192.0.2.1], =?utf-8?q?x?=

  bool is(char special) const { return kind == Kind::special && text.front() == special; }
  bool joins() const { return is('@') || is('.'); }
};

constexpr std::string_view specials = "<>()[]:;@,.\\\"";

bool is_space(char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  Token next() {
    Token token;
    token.blank_before = skip_blanks();
    if (text_.empty()) return token;
    std::size_t length = 0;
    token.kind = Token::Kind::word;
    if (text_.front() == '"') {
      length = enclosed_length('"', no_quote_closes_);
    } else if (text_.front() == '[') {
      length = enclosed_length(']', no_bracket_closes_);
    } else if ((length = encoded_word()) > 0) {
      token.kind = Token::Kind::encoded_word;
    } else {
      // A backslash hides the byte behind it from other readers: "vict\im" is "victim" (RFC 5322 4.1, obs-qp).
      while (length < text_.size() && !is_space(text_[length])) {
        const bool pair = text_[length] == '\\' && length + 1 < text_.size() && !is_space(text_[length + 1]);
        if (!pair && specials.find(text_[length]) != specials.npos) break;
        length += pair ? 2 : 1;
      }
    }
    if (length == 0) {
      token.kind = Token::Kind::special;
      length = 1;
    }
    token.text = text_.substr(0, length);
    text_.remove_prefix(length);
    return token;
  }

 private:
  // Blanks and comments, which nest (RFC 5322 3.2.2). A comment that nobody closes goes to the end.
  bool skip_blanks() {
    const auto before = text_.size();
    for (;;) {
      while (!text_.empty() && is_space(text_.front())) text_.remove_prefix(1);
      if (text_.empty() || text_.front() != '(') return text_.size() != before;
      std::size_t depth = 0, i = 0;
      for (; i < text_.size(); ++i) {
        if (text_[i] == '\\') ++i;
        else if (text_[i] == '(') ++depth;
        else if (text_[i] == ')' && --depth == 0) break;
      }
      text_.remove_prefix(std::min(i + 1, text_.size()));
    }
  }

  // 0 if nothing closes it: then it is one odd character and does not swallow the addresses after it. Searched in vain
  // only once, which keeps all of this linear.
  std::size_t enclosed_length(char close, bool& in_vain) const {
    for (std::size_t i = 1; i < text_.size() && !in_vain; ++i) {
      if (text_[i] == '\\') ++i;
      else if (text_[i] == close) return i + 1;
    }
    in_vain = true;
    return 0;
  }

  // No blanks are in it. One that holds an angle bracket, or another address behind a comma, is not one (RFC 2047 5,
  // rule 3), and readers that do not know encoded words see the address in it; a comma alone is what some mailers
  // write.
  std::size_t encoded_word() const {
    const std::size_t size = encoded_word_length(text_);
    const auto word = text_.substr(0, size);
    const bool has_list = word.find_first_of(",;") != word.npos && word.find('@') != word.npos;
    return has_list || word.find_first_of("<>") != word.npos ? 0 : size;
  }

  std::string_view text_;
  bool no_quote_closes_ = false, no_bracket_closes_ = false;
};

class Collector {
 public:
  explicit Collector(const MailboxSpelling& spelling) : spelling_(spelling) {}

  // An addr-spec, or what stands in its place. Runs of words: '.' and '@' join what is beside them, blanks or not
  // (obs-local-part, obs-domain). Each run with an '@' is an address.
  void take(std::span<const Token> part, bool lone_word_counts) {
    std::string run;
    std::size_t runs = 0;
    bool joined = false, has_at = false;
    const auto end_run = [&] {
      while (run.ends_with('.') || run.ends_with('@')) run.pop_back();
      if (has_at && run.find('@') != run.npos) {
        if (!run.starts_with('@')) add(Address::parse(run, spelling_));
      } else if (!run.empty()) {
        lone_.push_back(run);
      }
      run.clear();
      joined = has_at = false;
    };
    const auto lone_before = lone_.size();
    for (const auto& token : part) {
      if (token.kind == Token::Kind::special && !token.joins()) {
        end_run();
        continue;
      }
      if (!run.empty() && token.blank_before && !joined && !token.joins()) end_run();
      if (run.empty()) ++runs;
      joined = token.joins();
      has_at = has_at || token.is('@');
      append_word(token.text, run);
      if (token.kind == Token::Kind::encoded_word) ++runs;  // is no lone word
    }
    end_run();
    if (!lone_word_counts || runs != 1) return lone_.resize(lone_before);
    // "example.com!ceo", "ceo%example.com": MTAs may write it as the address that it means, after it was judged.
    for (std::size_t i = lone_before; i < lone_.size(); ++i) {
      if (lone_[i].find_first_of("%!") == std::string::npos) continue;
      const auto meant = meant_mailbox(lone_[i]);
      if (!meant || meant->find('@') == meant->npos) continue;
      Address address = Address::parse(*meant, spelling_);
      // Postfix writes "victim!ceo" as ceo@victim; to Sendmail a name without a dot is no host, and it appends its own.
      if (lone_[i].find('!') != std::string::npos && address.domain().find('.') == std::string_view::npos)
        address.set_also(Address::parse(lone_[i], spelling_));
      add(std::move(address));
    }
  }

  std::vector<Address> result() && {
    if (found_.empty())
      for (const auto& word : lone_) add(Address::parse(word, spelling_));
    return std::move(found_);
  }

 private:
  // A quoted string and a literal as they stand, a word without its backslashes.
  static void append_word(std::string_view word, std::string& run) {
    const bool enclosed = word.starts_with('"') || word.starts_with('[');
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (!enclosed && word[i] == '\\' && i + 1 < word.size()) ++i;
      run += word[i];
    }
  }
  void add(Address address) {
    const std::string also = address.also() != nullptr ? '\n' + address.also()->text() : std::string();
    if (texts_.insert(address.text() + also).second) found_.push_back(std::move(address));
  }

  const MailboxSpelling& spelling_;
  std::vector<Address> found_;
  std::unordered_set<std::string, TextHash> texts_;  // of those found
  std::vector<std::string> lone_;
};

}  // namespace

// An address holds an '@', or is a lone word between two separators.
std::size_t at_most_addresses(std::string_view value) {
  std::size_t at_signs = 0, parts = 1;
  for (const char c : value) {
    at_signs += c == '@' ? 1 : 0;
    parts += c == ',' || c == ';' || c == ':' || c == '<' || c == '>' ? 1 : 0;
  }
  return std::max(at_signs, parts);
}

std::vector<Address> parse_address_list(std::string_view value, const MailboxSpelling& spelling) {
  const std::string line = unfolded(value);
  Tokens tokens(line);
  Collector collector(spelling);
  std::vector<Token> part;  // since the last separator
  bool in_angle = false, after_angle = false;
  const auto flush = [&](bool lone_word_counts) {
    collector.take(part, lone_word_counts);
    part.clear();
  };
  for (;;) {
    const Token token = tokens.next();
    if (token.kind == Token::Kind::end) break;
    if (token.is('<')) {
      if (in_angle || after_angle) flush(false);
      part.clear();  // the display name
      in_angle = true;
    } else if (token.is('>')) {
      flush(in_angle);
      after_angle = in_angle;
      in_angle = false;
    } else if (token.is(',') && in_angle && !part.empty() && part.front().is('@')) {
      part.push_back(token);  // inside a source route
    } else if (token.is(',') || token.is(';')) {
      flush(!after_angle);
      in_angle = after_angle = false;
    } else if (token.is(':')) {
      if (in_angle && !part.empty() && part.front().is('@')) part.clear();  // a source route (RFC 5322 4.4)
      flush(false);                                                         // a group's name
    } else {
      part.push_back(token);
    }
  }
  flush(!after_angle);
  return std::move(collector).result();
}

bool shows_address(std::string_view value) {
  return value.find('@') != value.npos || with_words_decoded(value).find('@') != std::string::npos;
}

}  // namespace mailweir
