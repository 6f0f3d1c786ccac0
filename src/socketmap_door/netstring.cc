// SPDX-License-Identifier: BSD-2-Clause
#include "socketmap_door/netstring.h"

#include <algorithm>

namespace mailweir {

void append_netstring(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
  out += ',';
}

// The length: decimal digits without leading zeros, as the protocol has it.
Result<NetstringReader::Frame> NetstringReader::frame_of(std::string_view bytes) const {
  Frame frame;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == ':' && i > 0) return Frame{i + 1, frame.size, true};
    if (c < '0' || c > '9') return Error{"a netstring must begin with its length and a colon"};
    if (i > 0 && frame.size == 0) return Error{"the length of a netstring has a leading zero"};
    frame.size = frame.size * 10 + static_cast<std::size_t>(c - '0');
    if (frame.size > largest_) return Error{"a request of more than " + std::to_string(largest_) + " bytes"};
  }
  return frame;
}

Result<std::optional<std::string_view>> NetstringReader::next(std::string_view& bytes) {
  if (spent_) kept_.clear();
  spent_ = false;
  // What has come in one piece is not copied.
  const bool in_pieces = !kept_.empty();
  for (;;) {
    const std::string_view all = in_pieces ? std::string_view(kept_) : bytes;
    const auto frame = frame_of(all);
    if (!frame) return frame.error();
    const std::size_t whole = frame->text + frame->size + 1;
    if (frame->is_known && all.size() >= whole) {
      if (all[whole - 1] != ',') return Error{"a netstring must end with a comma"};
      const auto text = all.substr(frame->text, frame->size);
      if (in_pieces) spent_ = true;
      else bytes.remove_prefix(whole);
      return std::optional(text);
    }
    if (bytes.empty()) return std::optional<std::string_view>();
    // To the end of this one, no further; of a length byte by byte.
    const std::size_t wanted = !in_pieces ? bytes.size() : frame->is_known ? whole - kept_.size() : 1;
    const std::size_t taken = std::min(wanted, bytes.size());
    kept_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (!in_pieces) return std::optional<std::string_view>();
  }
}

}  // namespace mailweir
