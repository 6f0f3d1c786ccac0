// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <random>

#include "adapter/table/address_ranges.h"

using namespace mailweir;

namespace {

NetworkEntry entry(const char* network, std::uint64_t value, std::uint32_t line = 0) {
  return {*Network::parse(network), line, value};
}

// What the ranges must agree with: the longest prefix that holds the address, the first written of equal ones.
std::optional<std::uint64_t> naive(const std::vector<NetworkEntry>& entries, const IpAddress& address) {
  const NetworkEntry* best = nullptr;
  for (const auto& each : entries)
    if (each.network.contains(address) && (!best || each.network.prefix() > best->network.prefix())) best = &each;
  return best ? std::optional(best->value) : std::nullopt;
}

IpAddress random_address(std::mt19937& random, bool four) {
  // Few different bits, so that networks nest and touch often; all ones and all zeros among them.
  if (four) return IpAddress::v4((random() % 4 * 0x55555555U) ^ (random() % 8) << (random() % 30));
  std::array<std::uint8_t, 16> bytes{};
  bytes.fill(static_cast<std::uint8_t>(random() % 2 * 255));
  bytes[random() % 16] = static_cast<std::uint8_t>(random());
  bytes[random() % 16] ^= static_cast<std::uint8_t>(1U << random() % 8);
  return IpAddress::v6(bytes);
}

}  // namespace

TEST_CASE("address ranges: the most specific network wins") {
  std::vector<SameKey> same;
  const AddressRanges ranges(
      {entry("10.0.0.0/8", 1), entry("10.1.0.0/16", 2), entry("10.1.2.3", 3), entry("0.0.0.0/0", 4),
       entry("255.255.255.255", 5), entry("2001:db8::/32", 6), entry("2001:db8:0:1::/64", 7),
       entry("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 8), entry("128.0.0.0/1", 9)},
      same);
  CHECK(same.empty());
  struct Row {
    std::string address;
    std::uint64_t want;  // 0: not found
  };
  const Row rows[] = {{"10.0.0.0", 1},
                      {"10.255.255.255", 1},
                      {"10.1.2.2", 2},
                      {"10.1.2.3", 3},
                      {"10.1.2.4", 2},
                      {"10.2.0.0", 1},
                      {"9.255.255.255", 4},
                      {"11.0.0.0", 4},
                      {"0.0.0.0", 4},
                      {"127.255.255.255", 4},
                      {"128.0.0.0", 9},
                      {"255.255.255.254", 9},
                      {"255.255.255.255", 5},
                      {"2001:db8::", 6},
                      {"2001:db8:0:1::9", 7},
                      {"2001:db8:0:2::", 6},
                      {"2001:db7::", 0},
                      {"2001:db9::", 0},
                      {"::", 0},
                      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 8},
                      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 0}};
  for (const auto& row : rows) {
    CAPTURE(row.address);
    CHECK(ranges.find(*IpAddress::parse(row.address)).value_or(0) == row.want);
  }
}

TEST_CASE("address ranges: neighbours of a list are joined, equal networks are told") {
  std::vector<SameKey> same;
  const AddressRanges joined({entry("192.0.2.0/25", 0), entry("192.0.2.128/25", 0), entry("192.0.2.7", 0)}, same);
  CHECK(joined.size() == 1);
  CHECK(same.empty());
  const AddressRanges twice({entry("192.0.2.0/24", 1, 4), entry("192.0.2.0/25", 2, 5), entry("192.0.2.0/24", 3, 2)},
                            same);
  REQUIRE(same.size() == 1);
  CHECK(same[0].first_line == 2);
  CHECK(same[0].line == 4);
  CHECK(twice.find(*IpAddress::parse("192.0.2.200")) == 3);
  CHECK_FALSE(AddressRanges().find(IpAddress()).has_value());
}

TEST_CASE("address ranges agree with a search through all networks") {
  std::mt19937 random(20260101);
  std::size_t found = 0;
  for (int round = 0; round < 300; ++round) {
    const bool with_values = round % 2;
    std::vector<NetworkEntry> entries;
    for (std::size_t count = random() % 60; entries.size() < count;) {
      const bool four = random() % 2;
      const auto prefix = static_cast<unsigned>(random() % (four ? 33 : 129));
      entries.push_back({Network(random_address(random, four), prefix), static_cast<std::uint32_t>(entries.size()),
                         with_values ? 1 + random() % 3 : 0});
    }
    std::vector<SameKey> same;
    const AddressRanges ranges(entries, same);
    for (int i = 0; i < 100; ++i) {
      auto address = random_address(random, random() % 2);
      if (!entries.empty() && i % 2) {  // the edges of a network
        const auto& network = entries[random() % entries.size()].network;
        address = i % 4 == 1 ? network.address() : network.last();
      }
      const auto want = naive(entries, address), got = ranges.find(address);
      found += want.has_value();
      if (want == got) continue;
      CAPTURE(round);
      CAPTURE(address.to_string());
      CHECK(want == got);
    }
  }
  CHECK(found > 5000);
}
