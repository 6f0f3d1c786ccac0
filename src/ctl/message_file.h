// SPDX-License-Identifier: BSD-2-Clause
// MessageFile: a message in a file (RFC 5322; LF or CRLF), as a mail server would pass it on: its header fields, byte
// for byte, its size, and its body, which is read from the file when it is needed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/headers.h"

namespace mailweir {

struct MessageFile {
  std::string path;
  std::vector<HeaderField> fields;  // values with their folds and the blank after the colon
  std::uint64_t size = 0;           // as SMTP carries it

  // The fields as a list. What is over its bounds is left out, and told on stderr.
  HeaderList headers() const;
  // The body, in pieces, with CRLF at the end of each line as SMTP carries it. False: it cannot be read.
  bool read_body(const std::function<void(std::string_view)>& take) const;
};

// Nothing when it cannot be read: told on stderr.
std::optional<MessageFile> read_message(const std::string& path);

}  // namespace mailweir
