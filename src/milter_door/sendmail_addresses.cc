// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/sendmail_addresses.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "base/text.h"
#include "mail/headers.h"
#include "mail/sendmail_host.h"
#include "milter_door/sendmail_tokens.h"

namespace mailweir {
namespace {

using Kind = AddressToken::Kind;
using Tokens = std::span<const AddressToken>;

constexpr std::size_t widest_line = 72;

bool is_at(const AddressToken& token) { return token.is('@'); }

// What stands from the first to the last token, as it is.
std::string_view raw(Tokens tokens) {
  if (tokens.empty()) return {};
  const char* begin = tokens.front().text.data();
  return {begin, static_cast<std::size_t>(tokens.back().text.data() + tokens.back().text.size() - begin)};
}

std::string with_single_blanks(std::string_view text) {
  std::string result;
  for (const auto word : words(text)) result.append(result.empty() ? "" : " ").append(word);
  return result;
}

// --- display names ---------------------------------------------------------------------------------------------------

// By its default settings, Sendmail quotes a name with one of these; and so what is no phrase at all (RFC 5322 3.2.5).
bool wants_quotes(const AddressToken& token) {
  switch (token.kind) {
    case Kind::word: return token.text.find_first_of(".'") != token.text.npos;
    case Kind::encoded: return token.text.find_first_of(".'\"\\@,;:()[]<>") != token.text.npos;
    case Kind::quoted:
    case Kind::comment: return false;
    default: return true;
  }
}

// What a reader sees of it.
std::string content(const AddressToken& token) {
  if (token.kind == Kind::escaped) return std::string(token.text.substr(1));
  if (token.kind != Kind::quoted) return std::string(token.text);
  std::string text;
  const auto inner = token.text.substr(1, token.text.size() - 2);
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] == '\\' && i + 1 < inner.size()) ++i;
    text += inner[i];
  }
  return text;
}

std::string in_quotes(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

// An encoded word within quotes is not decoded (RFC 2047 5): what would be quoted in it is encoded instead.
std::string without_specials(std::string_view encoded) {
  constexpr std::string_view digits = "0123456789ABCDEF", specials = ".'\"\\@,;:()[]<>";
  std::string text;
  for (const char c : encoded) {
    if (specials.find(c) == specials.npos) {
      text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text.append({'=', digits[byte >> 4], digits[byte & 15]});
  }
  return text;
}

// A display name or a group's name. Quoted as a whole, so that it reads as it was written; encoded words stay outside.
std::string phrase(Tokens tokens) {
  if (std::none_of(tokens.begin(), tokens.end(), wants_quotes)) return std::string(raw(tokens));
  std::string text, run, comments;
  bool blank_before_run = false;
  const auto end_run = [&] {
    if (!run.empty()) text += (blank_before_run && !text.empty() ? " " : "") + in_quotes(run);
    run.clear();
  };
  for (const auto& token : tokens) {
    if (token.kind == Kind::comment) {
      comments.append(" ").append(token.text);
    } else if (token.kind == Kind::encoded) {
      end_run();
      text += (token.after_blank && !text.empty() ? " " : "") + without_specials(token.text);
    } else {
      if (run.empty()) blank_before_run = token.after_blank;
      else if (token.after_blank) run += ' ';
      run += content(token);
    }
  }
  end_run();
  return text + comments;
}

// --- addresses -------------------------------------------------------------------------------------------------------

// Bytes that mean something of its own to Sendmail: it does not keep them in an address (in a name it does).
bool is_meta(char c) { return static_cast<unsigned char>(c) >= 0x80 && static_cast<unsigned char>(c) < 0xa0; }
bool is_8_bit(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// The address without blanks and comments; the comments are put aside. Nothing: it is none, or two.
std::optional<std::string> address(Tokens tokens, bool in_angle, std::string_view host,
                                   std::vector<std::string_view>& comments) {
  const auto is_colon = [](const AddressToken& token) { return token.is(':'); };
  const auto colon = std::find_if(tokens.rbegin(), tokens.rend(), is_colon);
  if (in_angle && !tokens.empty() && is_at(tokens.front()) && colon != tokens.rend())  // a source route
    tokens = tokens.subspan(static_cast<std::size_t>(tokens.rend() - colon));
  std::string text;
  std::optional<std::size_t> at;
  bool apart = false, quoted = false, has_colon = false, blanks = false;
  for (const auto& token : tokens) {
    if (token.kind == Kind::comment) {
      comments.push_back(token.text);
      apart = true;
      continue;
    }
    const bool joint =
        is_at(token) || text.empty() || text.ends_with('@') || text.ends_with('.') || token.text.starts_with('.');
    if ((apart || token.after_blank) && !joint) return {};
    blanks = blanks || (token.after_blank && !text.empty());
    apart = false;
    const bool plain =
        token.kind == Kind::literal ? text.ends_with('@') : token.kind != Kind::escaped && token.kind != Kind::special;
    if (is_at(token)) at = text.size();
    else if (token.is(':') && in_angle && !has_colon) has_colon = true;  // mailto:
    else if (!plain) return {};
    quoted = quoted || token.kind == Kind::quoted;
    text += token.text;
  }
  if (text.empty()) return text;
  if (std::any_of(text.begin(), text.end(), is_meta)) return {};
  if (!at) {
    if (has_colon || blanks) return {};  // "Dr. Public" is a name
    if (std::any_of(text.begin(), text.end(), is_8_bit)) return {};
    if (const auto bang = text.find('!'); bang != text.npos && !quoted) {  // UUCP's
      const bool good = bang > 0 && text[bang - 1] != '.' && text.back() != '!';
      return good ? std::optional(text) : std::nullopt;
    }
    const auto percent = quoted ? text.npos : text.rfind('%');
    if (percent == text.npos) return host.empty() ? std::nullopt : std::optional(text + '@' + std::string(host));
    text[percent] = '@';
    at = percent;
  }
  while (text.ends_with('.')) text.pop_back();
  if (*at + 1 >= text.size()) return {};
  const auto domain = std::string_view(text).substr(*at + 1);
  if (!host.empty() && is_sendmail_itself(domain, host)) text.replace(*at + 1, text.npos, host);
  return text;
}

// "NAME <ADDRESS> COMMENT". `angle`: where its last '<' is; one before it is a slip, or a part of the name.
std::optional<std::string> with_angle(Tokens tokens, std::size_t angle, std::string_view host) {
  std::size_t name_end = angle;
  while (name_end > 0 && tokens[name_end - 1].is('<')) --name_end;
  std::size_t close = angle + 1;
  while (close < tokens.size() && !tokens[close].is('>')) ++close;
  std::size_t tail = close;
  while (tail < tokens.size() && tokens[tail].is('>')) ++tail;
  const auto rest = tokens.subspan(tail);
  for (const auto& token : rest)
    if (token.kind != Kind::word && token.kind != Kind::comment) return {};  // quotes there make it drop the name

  std::vector<std::string_view> comments;
  const auto inner = tokens.subspan(angle + 1, close - angle - 1);
  const auto text = address(inner, true, host, comments);
  if (!text) return {};
  const auto name = tokens.first(name_end);
  const bool same = name_end == angle && tail == close + 1 && *text == raw(inner) &&
                    raw(tokens.subspan(angle, close - angle + 1)).size() == text->size() + 2 &&
                    std::none_of(name.begin(), name.end(), wants_quotes);
  std::string item = same ? std::string(raw(tokens)) : phrase(name);
  if (!same) {
    item += (item.empty() ? "<" : " <") + *text + '>';
    for (const auto comment : comments) item.append(" ").append(comment);
    if (!rest.empty()) item.append(" ").append(raw(rest));
  }
  if (item.size() > longest_sendmail_item) item = '<' + *text + '>';  // as it does, for want of room
  return item;
}

// "ADDRESS (COMMENT)".
std::optional<std::string> without_angle(Tokens tokens, std::string_view host) {
  while (!tokens.empty() && tokens.back().is('>')) tokens = tokens.first(tokens.size() - 1);
  if (tokens.empty()) return {};
  std::vector<std::string_view> comments;
  const auto text = address(tokens, false, host, comments);
  if (!text) return {};
  if (text->empty()) return std::string(raw(tokens));  // a comment only
  std::size_t front = 0, back = tokens.size();
  while (tokens[front].kind == Kind::comment) ++front;
  while (tokens[back - 1].kind == Kind::comment) --back;
  bool same = *text == raw(tokens.subspan(front, back - front)) && (front == 0 || tokens[front].after_blank);
  for (const auto& token : tokens.subspan(back)) same = same && token.after_blank;
  std::string item = same ? std::string(raw(tokens)) : *text;
  if (!same)
    for (const auto comment : comments) item.append(" ").append(comment);
  return item.size() > longest_sendmail_item ? *text : item;
}

// --- the list --------------------------------------------------------------------------------------------------------

class List {
 public:
  List(Tokens tokens, std::string_view host) : tokens_(tokens), host_(host) {
    for (std::size_t i = 0; i < tokens.size(); ++i)
      if (tokens[i].is(';')) last_semicolon_ = i;
  }

  // False: `beyond` tells where.
  bool read() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const auto& token = tokens_[i];
      if (token.is('<')) {
        angle_ = i;
        in_angle_ = true;
      } else if (token.is('>')) {
        in_angle_ = false;
      } else if (is_at(token)) {
        has_at_ = true;
      } else if (token.is(',') && !in_route()) {
        if (!end_item(i, true)) return false;
      } else if (token.is(';') && group_) {
        if (!end_item(i, false)) return false;
        end_group();
      } else if (token.is(';') && (angle_ ? !in_angle_ : has_at_)) {  // as some programs write lists
        if (!end_item(i, false)) return false;
      } else if (token.is(':') && begins_group(i)) {
        group_ = phrase(tokens_.subspan(begin_, i - begin_)) + (tokens_[i + 1].after_blank ? ": " : ":");
        start(i + 1);
      }
    }
    if (!end_item(tokens_.size(), false)) return false;
    if (group_) end_group();
    return true;
  }

  std::string_view beyond() const { return raw(tokens_.subspan(begin_, end_ - begin_)); }
  bool empty() const { return items_.empty(); }

  std::string joined() const {
    std::string text;
    std::size_t column = 0;
    for (const auto& item : items_) {
      if (!text.empty()) {
        const bool fold = column + item.size() > widest_line;
        text += fold ? ",\n\t" : ", ";
        column = fold ? 0 : column;
      }
      text += item;
      column += item.size() + 2;
    }
    return text;
  }

 private:
  // Whether a comma is one of <@a.example,@b.example:c@example.net>.
  bool in_route() const { return in_angle_ && *angle_ + 1 < tokens_.size() && is_at(tokens_[*angle_ + 1]); }

  // A colon with a ';' behind it; any other belongs to a name.
  bool begins_group(std::size_t colon) const {
    return !angle_ && !has_at_ && !group_ && !joins_ && last_semicolon_ && *last_semicolon_ > colon;
  }

  void start(std::size_t at) {
    begin_ = at;
    angle_.reset();
    in_angle_ = has_at_ = joins_ = false;
  }

  // The item that ends before `end`. One of several words that is no address is the front of a name with a comma in it,
  // which should have been in quotes: "Public, John Q. <...>"; it waits for what follows.
  bool end_item(std::size_t end, bool may_join) {
    end_ = end;
    const auto tokens = tokens_.subspan(begin_, end - begin_);
    if (tokens.empty()) {
      start(end + 1);
      return true;
    }
    std::optional<std::string> item;
    if (angle_) item = with_angle(tokens, *angle_ - begin_, host_);
    else if (!joins_) item = without_angle(tokens, host_);
    if (!item && !angle_ && !has_at_ && may_join) return joins_ = true;
    if (!item || item->size() + (group_ ? group_->size() + 1 : 0) > longest_sendmail_item) return false;
    if (group_ && !in_group_) item->insert(0, *group_);
    in_group_ = group_.has_value();
    items_.push_back(std::move(*item));
    start(end + 1);
    return true;
  }

  void end_group() {
    if (in_group_) items_.back() += ';';
    else items_.push_back(*group_ + ';');
    group_.reset();
    in_group_ = false;
  }

  Tokens tokens_;
  const std::string_view host_;
  std::vector<std::string> items_;
  std::optional<std::size_t> last_semicolon_, angle_;  // the item's last '<'
  std::optional<std::string> group_;                   // its name, written, with its colon
  std::size_t begin_ = 0, end_ = 0;                    // of the item
  bool in_angle_ = false, has_at_ = false, joins_ = false, in_group_ = false;
};

}  // namespace

AsSendmailWrites as_sendmail_writes(std::string_view value, std::string_view host) {
  using Outcome = AsSendmailWrites::Kind;
  const std::string line = unfolded(value);
  if (line.empty()) return {};
  const auto tokens = address_tokens(line);
  if (!tokens) return {Outcome::unknown, line};
  List list(*tokens, host);
  if (!list.read()) return {Outcome::unknown, std::string(list.beyond())};
  if (list.empty()) return {Outcome::unknown, line};
  auto text = list.joined();
  if (with_single_blanks(text) == with_single_blanks(line)) return {};
  return {Outcome::otherwise, std::move(text)};
}

}  // namespace mailweir
