// SPDX-License-Identifier: BSD-2-Clause
// Reader: cuts the bytes of the milter protocol, of either side, into packets. A packet is a length (four bytes, the
// highest first), a byte that says what it is, and its data; the length counts that byte. One Reader a direction and
// connection, used by one thread at a time. What is malformed is an error that says why; nothing is guessed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mailweir::milter {

// The longest data of a packet that is written, and of one that is read unless the reader is told otherwise. libmilter
// stops at 65,535 by default; a header field of Postfix may be longer (header_size_limit is 102,400), so both
// directions take the protocol's largest size.
inline constexpr std::size_t longest_data = 1024 * 1024 - 1;

struct Packet {
  char kind = 0;
  std::string_view data;
};

// Cuts a stream of bytes into packets. Keeps less than one packet, and no memory of a long one.
class Reader {
 public:
  explicit Reader(std::size_t longest = longest_data) : longest_(longest) {}

  // The next whole packet of what is kept and of these bytes, which lose what was taken; nothing when more bytes are
  // needed. A packet is good until the next call, and as long as the bytes are. After an error (a packet of no length,
  // or over the longest) the stream is lost: every later call fails too.
  Result<std::optional<Packet>> next(std::string_view& bytes);
  // Bytes of a packet that is not whole yet.
  std::size_t pending() const { return taken_ ? 0 : kept_.size(); }

 private:
  Result<std::size_t> length_of(std::string_view packet);
  bool fill(std::size_t size, std::string_view& bytes);

  std::size_t longest_;
  std::string kept_;
  bool taken_ = false;  // what is kept is the packet that was handed out last
  std::string broken_;  // what is wrong with the stream
};

}  // namespace mailweir::milter
