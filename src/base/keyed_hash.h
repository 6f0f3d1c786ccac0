// SPDX-License-Identifier: BSD-2-Clause
// KeyedHash: a hash of texts that strangers choose. The key is drawn at random, so that a stranger cannot make many
// texts that meet in one place of a table. SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF").
// Immutable, thread-safe. Values differ from process to process: never write them to a file.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>

namespace mailweir {

class KeyedHash {
 public:
  KeyedHash() : KeyedHash(draw(), draw()) {}
  KeyedHash(std::uint64_t key0, std::uint64_t key1) : key0_(key0), key1_(key1) {}

  std::uint64_t operator()(std::string_view text) const { return hash(key0_, text); }
  // Of two texts as a pair: ("a", "bc") and ("ab", "c") differ.
  std::uint64_t operator()(std::string_view first, std::string_view second) const {
    return hash(key0_ ^ hash(key0_, first), second);
  }

 private:
  struct State {
    std::uint64_t a, b, c, d;
    void round() {
      a += b, c += d;
      b = std::rotl(b, 13) ^ a, d = std::rotl(d, 16) ^ c;
      a = std::rotl(a, 32);
      c += b, a += d;
      b = std::rotl(b, 17) ^ c, d = std::rotl(d, 21) ^ a;
      c = std::rotl(c, 32);
    }
  };

  static std::uint64_t draw() {
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
  }

  std::uint64_t hash(std::uint64_t key0, std::string_view text) const {
    State state{key0 ^ 0x736f6d6570736575, key1_ ^ 0x646f72616e646f6d, key0 ^ 0x6c7967656e657261,
                key1_ ^ 0x7465646279746573};
    const char* at = text.data();
    std::size_t left = text.size();
    const auto take = [&state](std::uint64_t word) {
      state.d ^= word;
      state.round();
      state.a ^= word;
    };
    for (; left >= 8; at += 8, left -= 8) take(load(at, 8));
    take(load(at, left) | std::uint64_t{text.size()} << 56);
    state.c ^= 0xff;
    for (int i = 0; i < 3; ++i) state.round();
    return state.a ^ state.b ^ state.c ^ state.d;
  }
  static std::uint64_t load(const char* at, std::size_t size) {
    std::uint64_t word = 0;
    if (size > 0) std::memcpy(&word, at, size);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
  }

  std::uint64_t key0_, key1_;
};

}  // namespace mailweir
