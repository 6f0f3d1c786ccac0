// SPDX-License-Identifier: BSD-2-Clause
#include "mail/path.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"
#include "mail/comment.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::string_view blanks = " \t\r\n";
// What joins words; a word beside a word is another address.
constexpr std::string_view joints = "@.:%!|)]";
constexpr std::string_view ends_of_atoms = " \t\r\n()<>[]@,;:\".%!|";

// Within quotes, brackets, or behind a backslash Postfix takes any blank as this one.
char kept(char c) { return blanks.find(c) != blanks.npos ? ' ' : c; }

// One pass over a path without its outer <>. An address list of RFC 5322 3.4 in which one address may stand.
class PathParser {
 public:
  explicit PathParser(std::string_view text) : text_(text) {}

  std::optional<std::string> run() {
    while (!wrong_ && !text_.empty()) step();
    if (in_angle_) return {};
    end_part(false);
    if (wrong_) return {};
    return std::move(found_);
  }

 private:
  void step() {
    const char c = text_.front();
    if (blanks.find(c) != blanks.npos) text_.remove_prefix(1);
    else if (c == '(') text_ = behind_comment(text_);
    else if (c == '"') quoted();
    else if (c == '[') literal();
    else if (c == '<') open_angle();
    else if (c == '>') close_angle();
    else if (c == ',' || c == ';') separator(c);
    else if (joints.find(c) != joints.npos) joint(c);
    else atom();
  }

  // Words side by side are two addresses, or a display name.
  void word() {
    misfit_ = misfit_ || last_is_word_ || closed_;
    last_is_word_ = true;
  }

  void quoted() {
    word();
    for (std::size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == '"') return text_.remove_prefix(i + 1);
      if (text_[i] == '\\' && ++i == text_.size()) break;
      part_ += kept(text_[i]);
    }
    wrong_ = true;
  }

  void literal() {
    word();
    std::size_t i = 0;
    for (; i < text_.size() && text_[i] != ']'; ++i) {
      if (text_[i] == '\\' && ++i == text_.size()) break;
      part_ += kept(text_[i]);
    }
    part_ += ']';
    text_.remove_prefix(std::min(i + 1, text_.size()));
  }

  void atom() {
    word();
    std::size_t i = 0;
    for (; i < text_.size() && ends_of_atoms.find(text_[i]) == ends_of_atoms.npos; ++i) {
      if (text_[i] == '\\' && ++i == text_.size()) wrong_ = true;
      else if (static_cast<unsigned char>(text_[i]) < ' ' || text_[i] == 0x7f) wrong_ = true;
      else part_ += kept(text_[i]);
    }
    text_.remove_prefix(std::min(i, text_.size()));
  }

  void joint(char c) {
    text_.remove_prefix(1);
    if (part_.empty() && c == '@' && !had_route_) route_ = true;
    misfit_ = misfit_ || closed_;
    last_is_word_ = false;
    part_ += c;
    if (c != ':') return;
    if (route_ && !in_angle_) {  // "@relay1,@relay2:ceo@example.com" (RFC 5321 4.1.1.3); but one, and not within <>
      part_.clear();
      route_ = route_comma_ = false;
      had_route_ = true;
      return;
    }
    after_colon_ = part_.size();
    misfit_before_colon_ = misfit_before_colon_ || misfit_;
    misfit_ = false;
  }

  void separator(char c) {
    text_.remove_prefix(1);
    last_is_word_ = false;
    if (in_angle_ || (route_ && c == ',')) {
      route_comma_ = !in_angle_;
      wrong_ = wrong_ || !route_;
      part_ += c;
      return;
    }
    end_part(c == ';');
  }

  void open_angle() {
    text_.remove_prefix(1);
    if (in_angle_ || closed_ || route_comma_) wrong_ = true;
    group_ = after_colon_ > 0;
    in_angle_ = true;
    start_part();
  }

  void close_angle() {
    text_.remove_prefix(1);
    closed_ = true;
    wrong_ = wrong_ || angle_;
    if (!in_angle_) return;  // as if it were not there
    in_angle_ = false;
    angle_ = true;
  }

  // `group`: it ends with the ; of "name: address;". Elsewhere a colon belongs to the address.
  void end_part(bool group) {
    if (angle_) {
      wrong_ = wrong_ || misfit_ || misfit_before_colon_ || (group_ && !group);
    } else if (after_colon_ > 0 && group) {
      wrong_ = wrong_ || misfit_;
      part_.erase(0, after_colon_);
    } else {
      wrong_ = wrong_ || misfit_ || misfit_before_colon_ || route_comma_;
    }
    if (!part_.empty() || angle_) {
      wrong_ = wrong_ || has_found_;
      has_found_ = true;
      found_ = std::move(part_);
    }
    start_part();
    closed_ = angle_ = group_ = had_route_ = false;
  }

  void start_part() {
    part_.clear();
    after_colon_ = 0;
    last_is_word_ = misfit_ = misfit_before_colon_ = route_ = route_comma_ = false;
  }

  std::string_view text_;
  std::string part_, found_;     // since the last separator or <; the address
  std::size_t after_colon_ = 0;  // in part_; 0: there was none
  bool wrong_ = false, has_found_ = false;
  bool last_is_word_ = false, misfit_ = false, misfit_before_colon_ = false;
  bool route_ = false, route_comma_ = false, had_route_ = false;
  bool in_angle_ = false, angle_ = false, closed_ = false, group_ = false;
};

// As smtpd(8) wants it: labels of letters, digits, - and _, which neither begin nor end with -; not a bare number or
// address.
bool is_host(std::string_view domain) {
  const auto name = to_domain(domain);
  if (!name) return false;
  bool digits = true;
  char before = '.';
  for (const char c : *name) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'z') && c != '-' && c != '_' && c != '.') return false;
    if ((c == '-' && before == '.') || (c == '.' && before == '-')) return false;
    digits = digits && (digit || c == '.');
    before = c;
  }
  return before != '-' && !digits;
}

bool is_mailbox(std::string_view mailbox) {
  const auto domain = mailbox.substr(mailbox.rfind('@') + 1);
  if (!domain.starts_with('[')) return is_host(domain);
  return domain.size() > 2 && domain.ends_with(']') && domain.find_first_of(blanks) == domain.npos;
}

constexpr std::array<bool, 256> atom_chars = [] {
  std::array<bool, 256> may{};
  for (std::size_t byte = ' ' + 1; byte < may.size(); ++byte) may[byte] = byte != 0x7f;
  for (const char c : std::string_view("()<>[]@,;:\\\"")) may[static_cast<unsigned char>(c)] = false;
  return may;
}();

bool is_atom_char(char c) { return atom_chars[static_cast<unsigned char>(c)]; }

}  // namespace

std::optional<std::string> mailbox_in_path(std::string_view path) {
  path = trimmed(path);
  if (path.starts_with('<')) {
    if (path.size() < 2 || !path.ends_with('>')) return {};
    path = path.substr(1, path.size() - 2);
  }
  return PathParser(path).run();
}

std::optional<std::string> meant_mailbox(std::string_view mailbox) {
  if (mailbox.empty()) return std::string();
  while (mailbox.starts_with('@')) {
    const auto colon = mailbox.find(':');
    if (colon == mailbox.npos) break;
    mailbox.remove_prefix(colon + 1);
  }
  const auto strip = [&mailbox](std::string_view what) {
    const auto before = mailbox.size();
    while (!mailbox.empty() && what.find(mailbox.back()) != what.npos) mailbox.remove_suffix(1);
    return mailbox.size() != before;
  };
  strip(blanks);
  bool half = strip("@");
  std::string address(mailbox);
  if (const auto at = address.rfind('@'); at != address.npos) {
    const auto literal = address.find('[', at) == at + 1;
    // A blank that was escaped: the MTA drops it in a domain.
    if (!literal)
      address.erase(std::remove_if(address.begin() + static_cast<std::ptrdiff_t>(at), address.end(),
                                   [](char c) { return blanks.find(c) != blanks.npos; }),
                    address.end());
    return is_mailbox(address) ? std::optional(std::move(address)) : std::nullopt;
  }
  const auto hop = [](std::string_view local, std::string_view domain) {
    return std::string(local) + '@' + std::string(domain);
  };
  while (mailbox.starts_with('!') && mailbox.find('!', 1) != mailbox.npos) mailbox.remove_prefix(1);
  if (const auto mark = mailbox.find('!'); mark != mailbox.npos) {
    address = hop(mailbox.substr(mark + 1), mailbox.substr(0, mark));
  } else {
    half = strip("%") || half;
    const auto percent = mailbox.rfind('%');
    if (percent == mailbox.npos) return half || mailbox.empty() ? std::nullopt : std::optional(std::string(mailbox));
    address = hop(mailbox.substr(0, percent), mailbox.substr(percent + 1));
  }
  return is_mailbox(address) ? std::optional(std::move(address)) : std::nullopt;
}

std::string routed_mailbox(std::string mailbox, const std::function<bool(std::string_view domain)>& is_ours) {
  constexpr int most_hops = 500;  // more than an address of 1,000 bytes can have
  for (int hops = 0; hops < most_hops; ++hops) {
    const std::string_view text = mailbox;
    const auto at = text.rfind('@');
    if (at == text.npos || text.substr(0, at).find_first_of("%!@") == text.npos || !is_ours(text.substr(at + 1))) break;
    auto next = meant_mailbox(text.substr(0, at));
    if (!next) break;
    mailbox = *std::move(next);
  }
  return mailbox;
}

std::string quoted_mailbox(std::string_view mailbox) {
  const auto at = mailbox.rfind('@');
  const auto local = mailbox.substr(0, at);
  const auto domain = at == mailbox.npos ? std::string_view() : mailbox.substr(at);
  const bool dots = local.starts_with('.') || local.ends_with('.') || local.find("..") != local.npos;
  const bool empty = local.empty() && !domain.empty();
  if (!empty && !dots && std::all_of(local.begin(), local.end(), is_atom_char)) return std::string(mailbox);
  std::string quoted = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return (quoted += '"').append(domain);
}

std::optional<std::uint64_t> size_in_bytes(std::string_view digits) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (const auto number = to_number(digits)) return std::min(*number, most);
  const bool number =
      !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number ? std::optional(most) : std::nullopt;
}

}  // namespace mailweir
