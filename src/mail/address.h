// SPDX-License-Identifier: BSD-2-Clause
// Address: a mail address as it is compared and counted: without <> and quotes, folded, its domain in A-labels.
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

class Address {
 public:
  Address() = default;  // absent: no address was given at all
  // From an envelope ("<A.User+News@Example.COM>", "\"odd one\"@example.com", "<>", "postmaster") or a policy attribute
  // (the same without <>). A source route (RFC 5321 4.1.1.3) is dropped. Never fails: what cannot be split has no domain.
  static Address parse(std::string_view text);

  bool is_absent() const { return absent_; }
  bool is_null() const { return !absent_ && text_.empty(); }  // the null sender <>
  // "a.user+news@example.com"; "" for <>.
  const std::string& text() const { return text_; }
  std::string_view local() const { return std::string_view(text_).substr(0, at_); }
  std::string_view domain() const {
    return at_ == std::string::npos ? std::string_view() : std::string_view(text_).substr(at_ + 1);
  }
  // "a.user@example.com"; the same as text() when there is no +extension.
  std::string without_extension() const;
  bool has_extension() const;
  // As the peer wrote it, without <>: for replies and log lines.
  const std::string& original() const { return original_; }

 private:
  std::string text_, original_;
  std::size_t at_ = std::string::npos;
  bool absent_ = true;
};

// A local part without the quotes and backslashes of RFC 5321 4.1.2: "\"odd\\ one\"" is "odd one".
std::string unquoted(std::string_view local);

}  // namespace mailweir
