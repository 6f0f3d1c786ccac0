// SPDX-License-Identifier: BSD-2-Clause
// DKIM canonicalisation (RFC 6376 3.4): header fields in one piece, the body as a stream.
//
// A bare LF counts as CRLF, as the MTA will send it; a CR without LF is an ordinary byte. The body may come in chunks
// of any size, a CR at the end of one is carried over; empty lines that may turn out to be the last are held as a
// count, so a BodyCanon is of fixed size whatever the message.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "mail/body_sink.h"

namespace mailweir {

enum class Canon { simple, relaxed };
constexpr std::string_view to_string(Canon canon) { return canon == Canon::simple ? "simple" : "relaxed"; }

// Appends one header field, with CRLF at its end (RFC 6376 3.4.1, 3.4.2). `value` is all that follows the colon, its
// leading blank included: the simple form needs it byte for byte. Line ends in it may be LF or CRLF.
void append_canonical_header(std::string& text, Canon canon, std::string_view name, std::string_view value);

// The canonical body (RFC 6376 3.4.3, 3.4.4) goes to `sink`, which must outlive this object.
class BodyCanon {
 public:
  BodyCanon(Canon canon, BodySink& sink) : canon_(canon), sink_(sink) {}
  void feed(std::string_view chunk);
  void finish();  // once, after the last chunk

 private:
  bool must_step(char next) const;
  void step(char c);
  void data(char c);
  std::size_t copy_plain(std::string_view text);
  void flush_held();
  void put(std::string_view bytes);
  void flush();

  Canon canon_;
  BodySink& sink_;
  bool cr_held_ = false;     // a CR that may be the first half of a line end
  bool blank_held_ = false;  // relaxed: blanks that may stand at the end of a line
  bool any_data_ = false;
  std::uint64_t line_ends_held_ = 0;  // line ends that may be the last
  std::size_t used_ = 0;
  std::array<char, 4096> block_;  // the sink gets big pieces
};

}  // namespace mailweir
