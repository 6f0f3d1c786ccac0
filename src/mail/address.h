// SPDX-License-Identifier: BSD-2-Clause
// Address: a mail address as it is compared and counted: without <> and quotes, folded, its domain in A-labels.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

// What in a local part is no part of the mailbox's name: "ceo+news@" and "prvs=0123abcdef=ceo@" are spellings of
// "ceo@".
struct MailboxSpelling {
  std::string delimiters =
      "+";           // recipient_delimiter (postconf(5)): the leftmost of them begins the extension; "" for none
  bool batv = true;  // "prvs=TAG=" (draft-levine-smtp-batv), "btv1==TAG==" (Barracuda's) before the name
};

class Address {
 public:
  Address() = default;  // absent: no address was given at all
  // As people write it, in a policy, a header, a command line: "A.User+News@Example.COM", "\"odd one\"@example.com",
  // "<>", "postmaster". A source route (RFC 5321 4.1.1.3) is dropped. Never fails: what cannot be split has no domain.
  static Address parse(std::string_view text, const MailboxSpelling& spelling = {});
  // From the envelope: a mailbox as mailbox_in_path() or a policy attribute gives it, and the one that the MTA makes of
  // it (by a milter's macro, by meant_mailbox()), both in plain form.
  static Address of_envelope(std::string_view mailbox, std::string_view meant, const MailboxSpelling& spelling);

  bool is_absent() const { return absent_; }
  bool is_null() const { return !absent_ && text_.empty(); }  // the null sender <>
  // "a.user+news@example.com"; "" for <>.
  const std::string& text() const { return text_; }
  std::string_view local() const { return std::string_view(text_).substr(0, at_); }
  std::string_view domain() const {
    return at_ == std::string::npos ? std::string_view() : std::string_view(text_).substr(at_ + 1);
  }
  // The mailbox's own name, "a.user@example.com", by the MailboxSpelling; the same as text() when that is plain.
  std::string plain() const;
  std::string_view plain_local() const {
    return std::string_view(text_).substr(plain_begin_, plain_end_ - plain_begin_);
  }
  bool is_plain() const { return plain_begin_ == 0 && plain_end_ == local().size(); }
  // As the peer wrote it, without <>, or what the MTA made of it: for replies and log lines.
  const std::string& original() const { return original_; }
  // By which the two doors know that they speak of the same recipient: the mailbox before the MTA changed it, folded.
  const std::string& key() const { return key_.empty() ? text_ : key_; }

  // Another address that this one is, too: conditions and lists that name either match. Null: none. Limits count the
  // first.
  const Address* also() const { return also_.get(); }
  void set_also(const Address& other) { also_ = std::make_shared<const Address>(other); }

 private:
  void set(std::string_view local, std::string_view domain, bool has_domain);
  void find_plain(const MailboxSpelling& spelling);

  std::string text_, original_;
  std::string key_;  // where it is not the text
  std::shared_ptr<const Address> also_;
  std::size_t at_ = std::string::npos;
  std::size_t plain_begin_ = 0, plain_end_ = 0;  // of the plain name in the text
  bool absent_ = true;
};

// A local part without the quotes and backslashes of RFC 5321 4.1.2: "\"odd\\ one\"" is "odd one".
std::string unquoted(std::string_view local);

}  // namespace mailweir
