// SPDX-License-Identifier: BSD-2-Clause
#include "mail/body_lines.h"

#include <algorithm>

#include "mail/header_fold.h"

namespace mailweir {

void BodyLines::write(std::string_view chunk) {
  unsigned char bits = 0;
  for (const char c : chunk) bits |= static_cast<unsigned char>(c);
  has_8bit_ = has_8bit_ || bits >= 0x80;
  while (!chunk.empty() && !has_long_) {
    const auto end = chunk.find('\n');
    const auto line = chunk.substr(0, end);
    line_ += line.size() - (line.ends_with('\r') && end != chunk.npos ? 1 : 0);
    has_long_ = line_ > longest_mail_line;
    if (end == chunk.npos) return;
    line_ = 0;
    chunk.remove_prefix(end + 1);
  }
}

std::string_view BodyLines::told() const {
  if (has_8bit_) return has_long_ ? "8bit,long_lines" : "8bit";
  return has_long_ ? "long_lines" : "";
}

}  // namespace mailweir
