// SPDX-License-Identifier: BSD-2-Clause
// TagList: "name=value; name=value", as DKIM writes its signatures and key records (RFC 6376 3.2; UTF-8 in values by
// RFC 8616). Strict, as the RFC wants it: a name that stands twice, an empty tag or a control byte spoils the whole
// list. A value; its views are of the text it was read from, which must outlive it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mailweir {

inline constexpr std::size_t most_tags = 100;

class TagList {
 public:
  struct Tag {
    std::string_view name;           // case matters
    std::string_view value;          // without white space at its ends; folds within it are still there
    std::size_t begin = 0, end = 0;  // all that stands between "=" and ";", in the text
  };

  // Errors say what is wrong, fit for a reason: "b= occurs twice".
  static Result<TagList> parse(std::string_view text);

  const std::vector<Tag>& tags() const { return tags_; }
  const Tag* find(std::string_view name) const;
  // Its value; nothing: not there.
  std::optional<std::string_view> value(std::string_view name) const;

 private:
  std::vector<Tag> tags_;
};

// The value without any white space: for base64 and lists (RFC 6376 2.8, FWS).
std::string without_blanks(std::string_view value);
// Whether one of the words between colons is `word`. White space around them does not count, nor does case: the RFC's
// grammar has its words as literals (RFC 5234 2.3).
bool names_word(std::string_view list, std::string_view word);
// Base64 as the RFC's tags have it: white space anywhere, the "=" at its end may be missing. Nothing: it is none.
std::optional<std::string> base64_of_tag(std::string_view value);

}  // namespace mailweir
