// SPDX-License-Identifier: BSD-2-Clause
// Netstrings (https://cr.yp.to/proto/netstrings.txt): "5:hello,". The frame of the socketmap protocol
// (socketmap_table(5)), requests and replies alike. No socket in here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mailweir {

void append_netstring(std::string& out, std::string_view text);

// Holds the bytes of one connection until a netstring is whole. Bounded: a longer one is an error as soon as its length
// is known.
class NetstringReader {
 public:
  explicit NetstringReader(std::size_t largest) : largest_(largest) {}

  // Whether no part of a netstring is kept.
  bool empty() const { return kept_.empty() || spent_; }
  // The next that is whole with these bytes, which become fewer; nothing once they are used up. The text is good until
  // the next call, and as long as the bytes. An error says what is wrong: what follows cannot be understood any more.
  Result<std::optional<std::string_view>> next(std::string_view& bytes);

 private:
  struct Frame {
    std::size_t text = 0, size = 0;  // where its text begins, and how long that is
    bool is_known = false;           // the length is there
  };
  Result<Frame> frame_of(std::string_view bytes) const;

  const std::size_t largest_;
  std::string kept_;
  bool spent_ = false;  // what is kept was given out
};

}  // namespace mailweir
