// SPDX-License-Identifier: BSD-2-Clause
#include "base/safe_output.h"

#include <algorithm>

#include "base/code_point.h"

namespace mailweir {
namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t most_waiting = 64 * 1024;

void append_hex(std::string& text, unsigned value, int width) {
  for (int shift = 4 * (width - 1); shift >= 0; shift -= 4) text += digits[value >> shift & 15];
}

void append_unit(std::string& text, unsigned value) {
  text += "\\u";
  append_hex(text, value, 4);
}

}  // namespace

std::string made_safe(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto [value, length] = code_point(text, i);
    if (length == 0) {
      result += "\\x";
      append_hex(result, static_cast<unsigned char>(text[i]), 2);
    } else if (value == '\n' || value == '\t' || !is_hidden(value)) {
      result.append(text, i, length);
    } else if (value <= 0xffff) {
      append_unit(result, value);
    } else {  // a pair, as JSON has it (RFC 8259 7)
      append_unit(result, 0xd800 + ((value - 0x10000) >> 10));
      append_unit(result, 0xdc00 + ((value - 0x10000) & 0x3ff));
    }
    i += std::max<std::size_t>(length, 1);
  }
  return result;
}

SafeOutput::SafeOutput(std::ostream& stream) : stream_(stream), behind_(stream.rdbuf(this)) {}

SafeOutput::~SafeOutput() {
  sync();
  stream_.rdbuf(behind_);
}

SafeOutput::int_type SafeOutput::overflow(int_type byte) {
  if (traits_type::eq_int_type(byte, traits_type::eof()))
    return sync() == 0 ? traits_type::not_eof(byte) : traits_type::eof();
  const char one = traits_type::to_char_type(byte);
  return xsputn(&one, 1) == 1 ? byte : traits_type::eof();
}

std::streamsize SafeOutput::xsputn(const char* bytes, std::streamsize size) {
  waiting_.append(bytes, static_cast<std::size_t>(size));
  if (waiting_.size() < most_waiting) return size;
  // No character is cut in two.
  auto end = waiting_.size();
  while (end > 0 && waiting_.size() - end < 3 && (static_cast<unsigned char>(waiting_[end - 1]) & 0xc0) == 0x80) --end;
  if (end > 0 && static_cast<unsigned char>(waiting_[end - 1]) >= 0xc0) --end;
  return pass_on(end) ? size : 0;
}

int SafeOutput::sync() { return pass_on(waiting_.size()) && behind_->pubsync() == 0 ? 0 : -1; }

bool SafeOutput::pass_on(std::size_t end) {
  const auto safe = made_safe(std::string_view(waiting_).substr(0, end));
  waiting_.erase(0, end);
  const auto size = static_cast<std::streamsize>(safe.size());
  return behind_->sputn(safe.data(), size) == size;
}

}  // namespace mailweir
