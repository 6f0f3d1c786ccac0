// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/packet_reader.h"

#include <algorithm>
#include <cstdint>

#include "milter_door/protocol.h"

namespace mailweir::milter {
namespace {

constexpr std::size_t length_bytes = 4;
constexpr std::size_t most_kept = 4096;  // memory that a reader keeps between packets

std::uint32_t number_at(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

}  // namespace

Result<std::size_t> Reader::length_of(std::string_view packet) {
  const std::size_t length = number_at(packet);
  if (length == 0) broken_ = "milter packet without a command";
  else if (length - 1 > longest_)
    broken_ = "milter packet of " + std::to_string(length) + " bytes is over the limit of " + std::to_string(longest_);
  if (!broken_.empty()) return Error{broken_};
  return length;
}

bool Reader::fill(std::size_t size, std::string_view& bytes) {
  const auto more = bytes.substr(0, size - std::min(size, kept_.size()));
  kept_.append(more);
  bytes.remove_prefix(more.size());
  return kept_.size() >= size;
}

Result<std::optional<Packet>> Reader::next(std::string_view& bytes) {
  if (!broken_.empty()) return Error{broken_};
  if (taken_) {
    if (kept_.capacity() > most_kept) kept_ = std::string();
    kept_.clear();
    taken_ = false;
  }
  if (kept_.empty() && bytes.size() >= length_bytes) {
    const auto length = length_of(bytes);
    if (!length) return length.error();
    if (bytes.size() - length_bytes >= *length) {
      const Packet packet{bytes[length_bytes], bytes.substr(length_bytes + 1, *length - 1)};
      bytes.remove_prefix(length_bytes + *length);
      return std::optional<Packet>(packet);
    }
  }
  if (!fill(length_bytes, bytes)) return std::optional<Packet>();
  const auto length = length_of(kept_);
  if (!length) return length.error();
  kept_.reserve(length_bytes + std::min(*length, body_chunk + 1));
  if (!fill(length_bytes + *length, bytes)) return std::optional<Packet>();
  taken_ = true;
  return std::optional<Packet>(Packet{kept_[length_bytes], std::string_view(kept_).substr(length_bytes + 1)});
}

}  // namespace mailweir::milter
