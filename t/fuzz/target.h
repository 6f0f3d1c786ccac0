// SPDX-License-Identifier: BSD-2-Clause
// What a fuzz target is: a file that defines LLVMFuzzerTestOneInput and `changes`. It reads the bytes as one of our
// readers does and says with must() what holds whatever they are. t/fuzz/README.md says how it is run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace mailweir::fuzz {

// How many changed seeds a short run reads: about a second of work at -O2.
extern const std::size_t changes;

// Ends the program when a property does not hold; main.cc, or libFuzzer, then keeps the input.
inline void must(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%d: the property does not hold\n", file, line);
  std::abort();
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// No byte that a terminal, a log reader or an SMTP client would obey.
inline bool is_printable(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return false;
  return true;
}

}  // namespace mailweir::fuzz
