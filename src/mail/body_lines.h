// SPDX-License-Identifier: BSD-2-Clause
// BodyLines: what of a body the next server may have to change, and with it break a signature: bytes over 127 (a server
// without 8BITMIME is sent quoted-printable) and lines over 998 bytes (RFC 5321 4.5.3.1.6), which are cut.
#pragma once

#include <cstddef>
#include <string_view>

namespace mailweir {

class BodyLines {
 public:
  void write(std::string_view chunk);
  bool has_8bit() const { return has_8bit_; }
  bool has_long() const { return has_long_; }
  // "8bit,long_lines", or what of it is so.
  std::string_view told() const;

 private:
  std::size_t line_ = 0;  // bytes of the one that is not at its end yet
  bool has_8bit_ = false, has_long_ = false;
};

}  // namespace mailweir
