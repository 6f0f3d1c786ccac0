// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/held_bytes.h"

#include <algorithm>
#include <array>

#include <doctest/doctest.h>

namespace mailweir {
namespace {

constexpr std::size_t most = HeldBytes::most_in_memory;

// Bytes that tell their place.
std::string numbered(std::size_t from, std::size_t count) {
  std::string text;
  for (std::size_t i = from; i < from + count; ++i) text += static_cast<char>(i % 251);
  return text;
}

std::string read_from(const HeldBytes& held, std::uint64_t place) {
  std::array<char, 1000> some;
  std::string all;
  for (;;) {
    const auto got = held.read(place, some);
    REQUIRE(got);
    if (*got == 0) return all;
    all.append(some.data(), *got);
    place += *got;
  }
}

TEST_CASE("held bytes: in memory up to the bound, then in a file, the same bytes in both") {
  struct Row {
    std::size_t appended, piece, sent;
    bool want_file, want_whole;
  };
  const Row rows[] = {
      {0, 1, 0, false, true},
      {1000, 7, 0, false, true},
      {1000, 7, 500, false, true},  // there is room: it stays
      {most, 4096, 0, false, true},
      {most + 1, 4096, 0, true, true},
      {2 * most, 4096, 0, true, true},
      {most + 1, 1, most, false, false},
      {2 * most, 4096, most / 2, true, false},
      {most + 5, most + 5, 0, true, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.appended);
    CAPTURE(row.sent);
    HeldRoom room;
    HeldBytes held(room);
    for (std::size_t at = 0; at < row.appended; at += row.piece) {
      REQUIRE(held.append(numbered(at, std::min(row.piece, row.appended - at))));
      held.sent(std::min<std::uint64_t>(row.sent, held.size()));
    }
    CHECK(held.size() == row.appended);
    CHECK(held.is_in_file() == row.want_file);
    CHECK(held.is_whole() == row.want_whole);
    CHECK(read_from(held, row.sent) == numbered(row.sent, row.appended - row.sent));
    CHECK(room.memory.used() <= most);
    CHECK((room.files.used() > 0) == row.want_file);
    held.clear();
    CHECK(room.memory.used() + room.files.used() == 0);
  }
}

TEST_CASE("held bytes: all of them together have bounds") {
  HeldRoom room;
  REQUIRE(room.memory.most() % most == 0);
  std::vector<HeldBytes> all;
  for (std::size_t i = 0; i < room.memory.most() / most; ++i) {
    all.emplace_back(room);
    REQUIRE(all.back().append(numbered(0, most)));
    CHECK(!all.back().is_in_file());
  }
  HeldBytes one_more(room);
  REQUIRE(one_more.append("x"));
  CHECK(one_more.is_in_file());
  all.clear();
  HeldBytes after(room);
  REQUIRE(after.append("x"));
  CHECK(!after.is_in_file());

  MemoryShare taken(&room.files);
  REQUIRE(taken.grow(room.files.most() - room.files.used()));
  const auto refused = one_more.append("y");
  REQUIRE(!refused);
  CHECK(refused.error().temporary);
}

}  // namespace
}  // namespace mailweir
