// SPDX-License-Identifier: BSD-2-Clause
#include "mail/address.h"

#include <algorithm>

#include "base/text.h"
#include "mail/case_fold.h"
#include "mail/domain.h"
#include "mail/path.h"

namespace mailweir {
namespace {

// Behind a BATV tag: "prvs=0123abcdef=ceo" -> 16; 0 when there is none.
std::size_t behind_tag(std::string_view local) {
  constexpr std::size_t longest_tag = 64;
  for (const auto& [mark, end] : {std::pair<std::string_view, std::string_view>{"prvs=", "="}, {"btv1==", "=="}}) {
    if (!local.starts_with(mark)) continue;
    const auto close = local.find(end, mark.size());
    if (close == local.npos || close == mark.size() || close > mark.size() + longest_tag) return 0;
    const auto tag = local.substr(mark.size(), close - mark.size());
    const auto begin = close + end.size();
    const bool word = std::all_of(tag.begin(), tag.end(),
                                  [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
    return word && begin < local.size() ? begin : 0;
  }
  return 0;
}

// Where the extension begins, as Postfix finds it (recipient_delimiter in postconf(5)): it leaves a name, and some
// names alone.
std::size_t end_of_name(std::string_view local, std::string_view delimiters) {
  if (delimiters.empty() || local == "mailer-daemon" || local == "double-bounce") return local.size();
  if (delimiters.find('-') != delimiters.npos &&
      (local.starts_with("owner-") || (local.size() > 8 && local.ends_with("-request"))))
    return local.size();
  const auto mark = local.find_first_of(delimiters);
  return mark == local.npos || mark == 0 ? local.size() : mark;
}

}  // namespace

std::string unquoted(std::string_view local) {
  if (local.size() < 2 || !local.starts_with('"') || !local.ends_with('"')) return std::string(local);
  std::string plain;
  local = local.substr(1, local.size() - 2);
  for (std::size_t i = 0; i < local.size(); ++i) {
    if (local[i] == '\\' && i + 1 < local.size()) ++i;
    plain += local[i];
  }
  return plain;
}

void Address::set(std::string_view local, std::string_view domain, bool has_domain) {
  absent_ = false;
  text_ = case_folded(local);
  if (!has_domain) return;
  at_ = text_.size();
  text_ += '@';
  if (const auto name = to_domain(domain)) text_ += *name;
  else text_ += folded(domain);
}

void Address::find_plain(const MailboxSpelling& spelling) {
  const std::string_view all = local();
  plain_begin_ = spelling.batv ? behind_tag(all) : 0;
  plain_end_ = plain_begin_ + end_of_name(all.substr(plain_begin_), spelling.delimiters);
}

Address Address::parse(std::string_view text, const MailboxSpelling& spelling) {
  Address address;
  text = trimmed(text);
  if (text.starts_with('<') && text.ends_with('>')) text = text.substr(1, text.size() - 2);
  if (text.starts_with('@')) {  // "@relay1,@relay2:user@example.com"
    if (const auto colon = text.find(':'); colon != text.npos) text.remove_prefix(colon + 1);
  }
  address.original_ = text;
  const auto at = text.rfind('@');
  const bool has_domain = at != text.npos;
  address.set(unquoted(text.substr(0, at)), has_domain ? text.substr(at + 1) : std::string_view(), has_domain);
  address.find_plain(spelling);
  return address;
}

Address Address::of_envelope(std::string_view mailbox, std::string_view meant, const MailboxSpelling& spelling) {
  const auto make = [](std::string_view text) {
    Address made;
    const auto at = text.rfind('@');
    const bool has_domain = at != text.npos;
    made.set(text.substr(0, at), has_domain ? text.substr(at + 1) : std::string_view(), has_domain);
    return made;
  };
  Address address = make(meant);
  address.find_plain(spelling);
  if (mailbox == meant) {  // as nearly always
    address.original_ = quoted_mailbox(mailbox);
    return address;
  }
  const Address before = make(mailbox);
  if (before.text_ == address.text_) {
    address.original_ = quoted_mailbox(mailbox);  // MTAs fold what they put into macros
    return address;
  }
  address.original_ = quoted_mailbox(meant);
  address.key_ = before.text_;
  if (before.at_ == std::string::npos && !mailbox.empty() && before.text_.find_first_of("%!") == std::string::npos) {
    Address bare = before;  // the MTA appended its own domain
    bare.original_ = mailbox;
    bare.find_plain(spelling);
    address.set_also(bare);
  }
  return address;
}

std::string Address::plain() const {
  if (is_plain()) return text_;
  std::string name(plain_local());
  if (at_ != std::string::npos) name += std::string_view(text_).substr(at_);
  return name;
}

}  // namespace mailweir
