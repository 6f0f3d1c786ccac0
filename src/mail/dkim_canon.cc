// SPDX-License-Identifier: BSD-2-Clause
#include "mail/dkim_canon.h"

#include <bit>
#include <cstring>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr bool is_wsp(char c) { return c == ' ' || c == '\t'; }

// 16 bytes at once, in the vector extension that g++ and clang share.
using Bytes = unsigned char __attribute__((vector_size(16)));
constexpr std::size_t stride = sizeof(Bytes);

Bytes load(const char* at) {
  Bytes bytes;
  std::memcpy(&bytes, at, stride);
  return bytes;
}

// Which byte of a comparison's result is the first that is set; `stride` if none is.
template <typename Mask>
std::size_t first_set(const Mask& mask) {
  std::uint64_t halves[2];
  static_assert(sizeof(halves) == sizeof(mask));
  std::memcpy(halves, &mask, sizeof(mask));
  if ((halves[0] | halves[1]) == 0) return stride;
  const auto half = halves[0] != 0 ? halves[0] : halves[1];
  const int zeros = std::endian::native == std::endian::little ? std::countr_zero(half) : std::countl_zero(half);
  return (halves[0] != 0 ? 0 : 8) + static_cast<std::size_t>(zeros) / 8;
}

// Whether canonicalisation changes something at `c`, when `next` follows it: a bare LF; relaxed also a tab, a run of
// blanks, a blank at the end of a line. All else passes as it is.
template <Canon canon>
bool is_change(char c, char next) {
  if (next == '\n' && c != '\r') return true;
  if constexpr (canon == Canon::simple) return false;
  return c == '\t' || (c == ' ' && (is_wsp(next) || next == '\r'));
}

// Where the first such place is; text.size() - 1 if there is none (the last byte has no successor yet).
template <Canon canon>
std::size_t find_change(std::string_view text) {
  std::size_t i = 0;
  for (; i + stride < text.size(); i += stride) {
    const Bytes here = load(text.data() + i), next = load(text.data() + i + 1);
    auto change = (next == '\n') & (here != '\r');
    if constexpr (canon == Canon::relaxed)
      change |= (here == '\t') | ((here == ' ') & ((next == ' ') | (next == '\t') | (next == '\r')));
    if (const auto first = first_set(change); first < stride) return i + first;
  }
  while (i + 1 < text.size() && !is_change<canon>(text[i], text[i + 1])) ++i;
  return i;
}

// Runs of blanks become one, blanks at both ends go; line ends inside vanish (unfolding).
void append_relaxed_value(std::string& text, std::string_view value) {
  const auto start = text.size();
  bool blank = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\n' || (c == '\r' && i + 1 < value.size() && value[i + 1] == '\n')) continue;
    if (is_wsp(c)) {
      blank = true;
      continue;
    }
    if (blank && text.size() > start) text += ' ';
    blank = false;
    text += c;
  }
}

void append_with_crlf(std::string& text, std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\n' && (i == 0 || value[i - 1] != '\r')) text += '\r';
    text += value[i];
  }
}

}  // namespace

void append_canonical_header(std::string& text, Canon canon, std::string_view name, std::string_view value) {
  if (canon == Canon::relaxed) {
    while (!name.empty() && is_wsp(name.back())) name.remove_suffix(1);
    for (const char c : name) text += fold(c);
    text += ':';
    append_relaxed_value(text, value);
  } else {
    text += name;
    text += ':';
    append_with_crlf(text, value);
  }
  text += "\r\n";
}

void BodyCanon::feed(std::string_view chunk) {
  while (!chunk.empty()) {
    std::size_t done = 0;
    if (chunk.size() > stride && !must_step(chunk.front())) done = copy_plain(chunk);
    else step(chunk[done++]);
    while (done < chunk.size() && must_step(chunk[done])) step(chunk[done++]);
    chunk.remove_prefix(done);
  }
}

// Whether the next byte depends on what is held (an LF may be a bare one).
bool BodyCanon::must_step(char next) const {
  return cr_held_ || next == '\n' || (blank_held_ && (is_wsp(next) || next == '\r'));
}

// Takes the start of `text` up to the first place where something changes, and passes it on as it is, but for line ends
// and a blank at its end, which are held. Returns how many bytes were dealt with, at least one.
std::size_t BodyCanon::copy_plain(std::string_view text) {
  const auto found = canon_ == Canon::relaxed ? find_change<Canon::relaxed>(text) : find_change<Canon::simple>(text);
  auto solid = text.substr(0, found);
  for (;;) {
    if (solid.ends_with("\r\n")) solid.remove_suffix(2);
    else if (solid.ends_with('\r')) solid.remove_suffix(1);
    else if (canon_ == Canon::relaxed && solid.ends_with(' ')) solid.remove_suffix(1);
    else break;
  }
  if (!solid.empty()) {
    flush_held();
    put(solid);
  }
  const auto done = found + 1 < text.size() ? found + 1 : found;  // the changing byte itself too
  for (const char c : text.substr(solid.size(), done - solid.size())) step(c);
  return done;
}

void BodyCanon::step(char c) {
  if (cr_held_) {
    cr_held_ = false;
    if (c != '\n') data('\r');
  }
  if (c == '\n') {
    blank_held_ = false;
    ++line_ends_held_;
  } else if (c == '\r') {
    cr_held_ = true;
  } else if (canon_ == Canon::relaxed && is_wsp(c)) {
    blank_held_ = true;
  } else {
    data(c);
  }
}

void BodyCanon::data(char c) {
  flush_held();
  if (used_ == block_.size()) flush();
  block_[used_++] = c;
}

void BodyCanon::flush_held() {
  any_data_ = true;
  for (; line_ends_held_ > 0; --line_ends_held_) put("\r\n");
  if (blank_held_) put(" ");
  blank_held_ = false;
}

void BodyCanon::put(std::string_view bytes) {
  const bool big = bytes.size() > block_.size() / 2;
  if (big || bytes.size() > block_.size() - used_) flush();
  if (big) return sink_.write(bytes);
  std::memcpy(block_.data() + used_, bytes.data(), bytes.size());
  used_ += bytes.size();
}

void BodyCanon::flush() {
  if (used_ > 0) sink_.write(std::string_view(block_.data(), used_));
  used_ = 0;
}

void BodyCanon::finish() {
  if (cr_held_) data('\r');
  cr_held_ = false;
  // A last line without line end gets one. An empty body is CRLF in the simple form, nothing in the relaxed one.
  if (any_data_ || canon_ == Canon::simple) put("\r\n");
  flush();
}

}  // namespace mailweir
