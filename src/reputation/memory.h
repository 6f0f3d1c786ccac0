// SPDX-License-Identifier: BSD-2-Clause
// Memory: what the reputation watch found wrong before, and what of it the receivers of alerts have been told. A look
// compared with it makes changes. A value; pure: time is an argument.
//
// That a matter cannot be looked up is a fault of its own beside what is wrong with it: while a list is blind, what it
// listed stays listed.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "reputation/finding.h"

namespace mailweir {

// A fault that began or ended, or still lasts.
struct Change {
  enum class What : std::uint8_t { listed, delisted, wrong, mended, blind, visible, still };
  What what = What::listed;
  Finding finding;   // as it is now; of what has ended: as it was last
  WallTime since{};  // when the fault began
};
constexpr std::string_view to_string(Change::What what) {
  constexpr std::string_view words[] = {"listed", "delisted", "wrong", "mended", "blind", "visible", "still"};
  return words[static_cast<std::size_t>(what)];
}
// "listed: 192.0.2.1 is listed in zen (127.0.0.2)", "delisted: 192.0.2.1 in zen"
std::string in_words(const Change& change);

struct Fault {
  bool lasts = false;  // as of the last look
  bool told = false;   // the receivers know that it lasts
  Finding finding{};   // as it was last found
  WallTime since{};
  WallTime told_at{};
};

struct Memory {
  // Of a DNSBL, as of the last look.
  struct List {
    std::string name;
    std::uint64_t listed = 0;
    bool blind = false;
  };
  using Key = std::pair<Matter, bool>;  // true: of not being able to ask

  WallTime looked{};  // 1970: never
  std::vector<List> lists{};
  std::map<Key, Fault> faults{};

  std::uint64_t wrong() const;    // records
  std::uint64_t unknown() const;  // that could not be looked up, but DNSBLs
};

struct Changes {
  std::vector<Change> fresh;   // since the last look
  std::vector<Change> untold;  // what the receivers have not been told, and what they are to be reminded of
};

// Takes a look into the memory. What is not among the findings is not watched any more, and forgotten. A reminder is
// due when so much time has passed since a lasting fault was told; an hour less counts, because a timer is not exact.
Changes remember(Memory& memory, const std::vector<Finding>& findings, const std::vector<std::string>& lists,
                 WallTime now, std::chrono::milliseconds remind);

// The receivers have been told all that was untold.
void note_told(Memory& memory, const std::vector<Change>& told, WallTime now);

}  // namespace mailweir
