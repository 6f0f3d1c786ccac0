// SPDX-License-Identifier: BSD-2-Clause
#include "mail/address_list.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>

#include "base/text.h"
#include "mail/comment.h"
#include "mail/encoded_word.h"
#include "mail/headers.h"
#include "mail/path.h"
#include "mail/sendmail_host.h"

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
  // Blanks and comments.
  bool skip_blanks() {
    const auto before = text_.size();
    for (;;) {
      while (!text_.empty() && is_space(text_.front())) text_.remove_prefix(1);
      if (text_.empty() || text_.front() != '(') return text_.size() != before;
      text_ = behind_comment(text_);
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

// A quoted string and a literal as they stand, a word without its backslashes.
void append_word(std::string_view word, std::string& run) {
  const bool enclosed = word.starts_with('"') || word.starts_with('[');
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (!enclosed && word[i] == '\\' && i + 1 < word.size()) ++i;
    run += word[i];
  }
}

using Part = std::span<const Token>;

// An addr-spec, or what stands in its place, as runs of words: '.' and '@' join what is beside them, blanks or not
// (obs-local-part, obs-domain). Each run with an '@' is an address.
struct Runs {
  std::vector<std::string> mailboxes, words;
  std::size_t count = 0;

  explicit Runs(Part part) {
    std::string run;
    bool joined = false, has_at = false;
    const auto end_run = [&] {
      while (run.ends_with('.') || run.ends_with('@')) run.pop_back();
      if (has_at && run.find('@') != run.npos) {
        if (!run.starts_with('@')) mailboxes.push_back(run);
      } else if (!run.empty()) {
        words.push_back(run);
      }
      run.clear();
      joined = has_at = false;
    };
    for (const auto& token : part) {
      if (token.kind == Token::Kind::special && !token.joins()) {
        end_run();
        continue;
      }
      if (!run.empty() && token.blank_before && !joined && !token.joins()) end_run();
      if (run.empty()) ++count;
      joined = token.joins();
      has_at = has_at || token.is('@');
      append_word(token.text, run);
      if (token.kind == Token::Kind::encoded_word) ++count;  // is no lone word
    }
    end_run();
  }
};

// The same as Sendmail writes it (cataddr in parseaddr.c, its default BlankSub and OperatorChars): a dot for a blank
// between two words, nothing for one beside an operator.
struct SendmailRun {
  std::string text;
  bool has_at = false, has_blank = false, is_quoted = false;

  explicit SendmailRun(Part part) {
    constexpr std::string_view no_atoms = ".:%@!^/[]+\"";
    for (const auto& token : part) {
      if (token.kind == Token::Kind::special && !token.joins()) continue;
      if (token.blank_before && !text.empty() && no_atoms.find(text.back()) == no_atoms.npos &&
          no_atoms.find(token.text.front()) == no_atoms.npos) {
        text += '.';
        has_blank = true;
      }
      has_at = has_at || token.is('@');
      is_quoted = is_quoted || token.text.starts_with('"');
      append_word(token.text, text);
    }
    while (text.ends_with('.') || text.ends_with('@')) text.pop_back();
  }
};

class Collector {
 public:
  Collector(const MailboxSpelling& spelling, std::string_view sendmail) : spelling_(spelling), sendmail_(sendmail) {}

  void take(Part part, bool lone_word_counts) {
    Runs runs(part);
    if (!sendmail_.empty()) return take_at_sendmail(runs, SendmailRun(part), lone_word_counts);
    for (const auto& mailbox : runs.mailboxes) add(parsed(mailbox));
    if (!lone_word_counts || runs.count != 1) return;
    for (auto& word : runs.words) {
      if (auto address = meant(word)) {
        if (is_no_host(word, *address)) address->set_also(parsed(word));
        add(std::move(*address));
      }
      lone_.push_back(std::move(word));
    }
  }

  std::vector<Address> result() && {
    if (found_.empty())
      for (const auto& word : lone_) add(parsed(word));
    return std::move(found_);
  }

 private:
  Address parsed(std::string_view text) const { return Address::parse(text, spelling_); }

  // The last address of a part gets what Sendmail makes of all of it.
  void take_at_sendmail(const Runs& runs, const SendmailRun& written, bool lone_word_counts) {
    const bool is_address = !written.text.empty() && !written.text.starts_with('@');
    for (const auto& mailbox : runs.mailboxes) {
      const bool last = is_address && &mailbox == &runs.mailboxes.back();
      add_with(parsed(mailbox), last ? written.text : mailbox);
    }
    if (!runs.mailboxes.empty() || !lone_word_counts || !is_address) return;
    if (auto address = meant(written.text)) {
      const bool stays = (is_no_host(written.text, *address) && !is_sendmail_itself(address->domain(), sendmail_)) ||
                         written.has_blank || written.is_quoted;
      const std::string left = stays ? written.text : address->original();
      add_with(std::move(*address), left);
    } else {
      add_with(parsed(written.text), written.text);
    }
  }

  void add_with(Address address, const std::string& left) {
    Address also = parsed(with_sendmail_host(left, sendmail_));
    if (also.text() != address.text()) address.set_also(also);
    add(std::move(address));
  }

  // "example.com!ceo", "ceo%example.com": MTAs may write it as the address that it means, after it was judged.
  std::optional<Address> meant(const std::string& word) const {
    if (word.find_first_of("%!") == word.npos) return {};
    const auto mailbox = meant_mailbox(word);
    if (!mailbox || mailbox->find('@') == mailbox->npos) return {};
    return parsed(*mailbox);
  }

  // Postfix writes "victim!ceo" as ceo@victim; to Sendmail a name without a dot is no host, and it appends its own.
  static bool is_no_host(const std::string& word, const Address& meant) {
    return word.find('!') != word.npos && meant.domain().find('.') == std::string_view::npos;
  }

  void add(Address address) {
    const std::string also = address.also() != nullptr ? '\n' + address.also()->text() : std::string();
    if (texts_.insert(address.text() + also).second) found_.push_back(std::move(address));
  }

  const MailboxSpelling& spelling_;
  const std::string_view sendmail_;
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
  return at_signs + parts;
}

std::vector<Address> parse_address_list(std::string_view value, const MailboxSpelling& spelling,
                                        std::string_view sendmail) {
  const std::string line = unfolded(value);
  Tokens tokens(line);
  Collector collector(spelling, sendmail);
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
    } else if (token.is('>') && !sendmail.empty() && !in_angle && !after_angle) {
      continue;  // Sendmail drops it: "ceo@vict>im.example" leaves as ceo@victim.example
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
