// SPDX-License-Identifier: BSD-2-Clause
// FlatIndex: text to text. All keys and values stand one after the other in one piece of memory; an open-addressing
// table of 8-byte slots (a piece of the hash, and the place in that memory) finds them: 12 bytes a key besides the text
// and its two lengths. Filled first, then built, then immutable: any thread may search.
//
// The hash is seeded anew for each index: a stranger who can get names into a list cannot make them collide.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/table/address_ranges.h"

namespace mailweir {

class FlatIndex {
 public:
  static constexpr std::size_t most_entries = std::size_t{1} << 31;

  explicit FlatIndex(std::uint64_t seed) : seed_(seed) {}

  // --- filling
  void add(std::string_view key, std::string_view value, std::uint32_t line) {
    added_.push_back({store(key), line});
    append(value);
    if (key.size() > longest_key_) longest_key_ = key.size();
  }
  // Keeps a text that is not a key; text_at finds it.
  std::uint64_t store(std::string_view text) {
    const std::uint64_t place = text_.size();
    append(text);
    return place;
  }
  // Makes the table. Keys given twice are told in `same` (their values for text_at); the first one stands.
  void build(std::vector<SameKey>& same) {
    text_.shrink_to_fit();
    slots_.assign(added_.size() + added_.size() / 2 + 1, 0);
    keys_ = 0;
    for (const Added& added : added_) {
      const auto key = text_at(added.place);
      const auto key_hash = hash(key);
      std::size_t at = slot_of(key_hash);
      while (slots_[at] != 0 && !(tag_of(slots_[at]) == tag_of_hash(key_hash) && text_at(place_of(slots_[at])) == key))
        at = at + 1 == slots_.size() ? 0 : at + 1;
      if (slots_[at] != 0) {
        const auto first = place_of(slots_[at]);
        same.push_back({line_of(first), added.line, end_of(first), end_of(added.place)});
        continue;
      }
      slots_[at] = tag_of_hash(key_hash) << place_bits | added.place;
      ++keys_;
    }
    std::vector<Added>().swap(added_);  // frees it; = {} would not
  }

  // --- searching
  std::uint64_t hash(std::string_view key) const {
    constexpr std::uint64_t spread = 0x9e3779b97f4a7c15, stir = 0xd6e8feb86659fd93;
    std::uint64_t h = seed_ ^ key.size() * spread;
    const char* bytes = key.data();
    std::size_t left = key.size();
    for (; left > 8; left -= 8, bytes += 8) h = mixed((h ^ word(bytes, 8)) * spread);
    h = mixed((h ^ word(bytes, left)) * spread);
    return mixed(h * stir);
  }
  // Asks for the memory that find(key, hash) will touch first.
  void prefetch(std::uint64_t key_hash) const { __builtin_prefetch(&slots_[slot_of(key_hash)]); }

  // The value; nothing when the key is not there.
  std::optional<std::string_view> find(std::string_view key) const {
    if (key.size() > longest_key_ || keys_ == 0) return {};
    return find(key, hash(key));
  }
  std::optional<std::string_view> find(std::string_view key, std::uint64_t key_hash) const {
    for (std::size_t at = slot_of(key_hash); slots_[at] != 0; at = at + 1 == slots_.size() ? 0 : at + 1)
      if (tag_of(slots_[at]) == tag_of_hash(key_hash) && text_at(place_of(slots_[at])) == key)
        return text_at(end_of(place_of(slots_[at])));
    return {};
  }
  template <typename Visit>
  void each(Visit visit) const {
    for (const std::uint64_t slot : slots_)
      if (slot != 0) visit(text_at(place_of(slot)), text_at(end_of(place_of(slot))));
  }
  std::string_view text_at(std::uint64_t place) const {
    const auto [start, length] = span_at(place);
    return std::string_view(text_).substr(start, length);
  }
  // Writes over the start of a text: same length, nothing moves. While it is filled and built.
  void patch(std::uint64_t place, std::string_view start) { text_.replace(span_at(place).start, start.size(), start); }
  std::size_t longest_key() const { return longest_key_; }
  std::size_t size() const { return keys_; }  // different keys

 private:
  struct Added {
    std::uint64_t place;
    std::uint32_t line;
  };
  struct Span {
    std::size_t start, length;
  };
  static constexpr unsigned place_bits = 40;  // a terabyte of text

  static std::uint64_t word(const char* bytes, std::size_t count) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, count);
    return value;
  }
  static std::uint64_t mixed(std::uint64_t h) { return h ^ h >> 32; }
  static std::uint64_t place_of(std::uint64_t slot) { return slot & ((std::uint64_t{1} << place_bits) - 1); }
  static std::uint64_t tag_of(std::uint64_t slot) { return slot >> place_bits; }
  static std::uint64_t tag_of_hash(std::uint64_t key_hash) { return key_hash & 0xffffff; }
  // The upper half of the hash scaled to the number of slots.
  std::size_t slot_of(std::uint64_t key_hash) const {
    return static_cast<std::size_t>((key_hash >> 32) * slots_.size() >> 32);
  }

  // A text: its length, seven bits a byte, then its bytes.
  void append(std::string_view text) {
    std::size_t length = text.size();
    for (; length > 0x7f; length >>= 7) text_ += static_cast<char>(0x80 | (length & 0x7f));
    text_ += static_cast<char>(length);
    text_ += text;
  }
  Span span_at(std::uint64_t place) const {
    std::size_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(text_[place++]);
      length |= static_cast<std::size_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return {place, length};
    }
  }
  std::uint64_t end_of(std::uint64_t place) const {
    const auto [start, length] = span_at(place);
    return start + length;
  }
  // Only for keys given twice, so that lines cost nothing once built.
  std::uint32_t line_of(std::uint64_t place) const {
    std::size_t low = 0, high = added_.size();
    while (high - low > 1) {
      const auto middle = low + (high - low) / 2;
      if (added_[middle].place <= place) low = middle;
      else high = middle;
    }
    return added_[low].line;
  }

  std::uint64_t seed_;
  std::string text_ = std::string(1, '\0');  // so that no place is 0, which is an empty slot
  std::vector<Added> added_;
  std::vector<std::uint64_t> slots_;
  std::size_t longest_key_ = 0, keys_ = 0;
};

}  // namespace mailweir
