// SPDX-License-Identifier: BSD-2-Clause
// HeldBytes: the bytes of a message that a scanner has not taken yet, or may have to be sent again: in memory up to a
// bound, beyond it in an unlinked temporary file (in $TMPDIR, else /var/tmp). HeldRoom: how much all of them may hold
// together.
//
// What was let go of is gone; is_whole() says whether the message could still be sent from its first byte on. Not
// thread-safe; the room is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/handle.h"
#include "base/memory_budget.h"
#include "base/result.h"

namespace mailweir {

struct HeldRoom {
  MemoryBudget memory{4 << 20};
  MemoryBudget files{std::size_t{1} << 30};
};

inline constexpr Metric<HeldRoom> held_metrics[] = {
    {"memory", as_gauge("mailweir_scan_held_memory_bytes", "Bytes of messages held in memory for scanners"),
     via<&HeldRoom::memory, &MemoryBudget::used>},
    {"files", as_gauge("mailweir_scan_held_file_bytes", "Bytes of messages held in temporary files for scanners"),
     via<&HeldRoom::files, &MemoryBudget::used>},
};

class HeldBytes {
 public:
  static constexpr std::size_t most_in_memory = 256 << 10;  // of one message

  explicit HeldBytes(HeldRoom& room) : in_memory_(&room.memory), in_file_(&room.files) {}

  // An error says why there is no room for it: then what is held is of no more use.
  Result<void> append(std::string_view bytes);
  // Copies what stands at this place of the message; how much. It has not been let go of.
  Result<std::size_t> read(std::uint64_t place, std::span<char> to) const;
  // What stands before this place has been sent: it goes when its room is needed.
  void sent(std::uint64_t place) { sent_ = place; }
  void clear();

  std::uint64_t size() const { return size_; }  // of the message, so far
  bool is_whole() const { return first_ == 0; }
  bool is_in_file() const { return static_cast<bool>(file_); }

 private:
  Result<void> spill();
  Result<void> append_to_file(std::string_view bytes);
  void let_go();

  std::uint64_t size_ = 0, first_ = 0, sent_ = 0;  // first_: the place of the first byte that is held
  std::string memory_;
  Fd file_;
  MemoryShare in_memory_, in_file_;
};

}  // namespace mailweir
