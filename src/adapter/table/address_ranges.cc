// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table/address_ranges.h"

#include <algorithm>
#include <tuple>

namespace mailweir {
namespace {

std::uint64_t number_at(const IpAddress& address, std::size_t from, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = from; i < from + count; ++i) number = number << 8 | address.bytes()[i];
  return number;
}

NarrowNumber narrow(const IpAddress& address) { return {static_cast<std::uint32_t>(number_at(address, 12, 4))}; }
WideNumber wide(const IpAddress& address) { return {number_at(address, 0, 8), number_at(address, 8, 8)}; }

}  // namespace

template <typename Number>
void Ranges<Number>::append(Number first, Number last, std::uint64_t value) {
  const bool joins =
      !firsts_.empty() && lasts_.back().after() == first && (values_.empty() ? 0 : values_.back()) == value;
  if (joins) {
    lasts_.back() = last;
    return;
  }
  if (value != 0 && values_.empty()) values_.resize(firsts_.size());
  firsts_.push_back(first);
  lasts_.push_back(last);
  if (value != 0 || !values_.empty()) values_.push_back(value);
}

template <typename Number>
void Ranges<Number>::build(std::vector<Block> blocks, std::vector<SameKey>& same) {
  // An outer network comes before what it holds; of equal ones the first written comes first.
  std::sort(blocks.begin(), blocks.end(), [](const Block& a, const Block& b) {
    return std::tie(a.first, b.last, a.line) < std::tie(b.first, a.last, b.line);
  });
  std::vector<const Block*> open;  // the networks around the present place, the innermost last
  Number place{};                  // all below it is settled
  bool ended = false;              // place has run over the highest address
  const auto close_innermost = [&] {
    const Block& inner = *open.back();
    open.pop_back();
    if (ended || place > inner.last) return;
    append(place, inner.last, inner.value);
    place = inner.last.after();
    ended = place < inner.last;
  };
  for (const Block& block : blocks) {
    while (!open.empty() && open.back()->last < block.first) close_innermost();
    if (!open.empty() && open.back()->first == block.first && open.back()->last == block.last) {
      same.push_back({open.back()->line, block.line, open.back()->value, block.value});
      continue;
    }
    if (!open.empty() && place < block.first) append(place, block.first.before(), open.back()->value);
    place = block.first;
    open.push_back(&block);
  }
  while (!open.empty()) close_innermost();
  firsts_.shrink_to_fit();
  lasts_.shrink_to_fit();
  values_.shrink_to_fit();
}

template <typename Number>
std::optional<std::uint64_t> Ranges<Number>::find(Number number) const {
  const auto after = std::upper_bound(firsts_.begin(), firsts_.end(), number);
  if (after == firsts_.begin()) return {};
  const auto at = static_cast<std::size_t>(after - firsts_.begin()) - 1;
  if (lasts_[at] < number) return {};
  return values_.empty() ? 0 : values_[at];
}

AddressRanges::AddressRanges(const std::vector<NetworkEntry>& entries, std::vector<SameKey>& same) {
  std::vector<Ranges<NarrowNumber>::Block> narrow_blocks;
  std::vector<Ranges<WideNumber>::Block> wide_blocks;
  for (const auto& entry : entries) {
    const auto& first = entry.network.address();
    const auto last = entry.network.last();
    if (first.is_v4()) narrow_blocks.push_back({narrow(first), narrow(last), entry.line, entry.value});
    else wide_blocks.push_back({wide(first), wide(last), entry.line, entry.value});
  }
  narrow_.build(std::move(narrow_blocks), same);
  wide_.build(std::move(wide_blocks), same);
}

std::optional<std::uint64_t> AddressRanges::find(const IpAddress& address) const {
  return address.is_v4() ? narrow_.find(narrow(address)) : wide_.find(wide(address));
}

void AddressRanges::each(const std::function<void(const IpAddress&, std::uint64_t)>& visit) const {
  narrow_.each([&](NarrowNumber first, std::uint64_t value) { visit(IpAddress::v4(first.number), value); });
  wide_.each([&](WideNumber first, std::uint64_t value) {
    std::array<std::uint8_t, 16> bytes{};
    for (unsigned i = 0; i < 8; ++i) {
      bytes[i] = static_cast<std::uint8_t>(first.high >> (56 - 8 * i));
      bytes[8 + i] = static_cast<std::uint8_t>(first.low >> (56 - 8 * i));
    }
    visit(IpAddress::v6(bytes), value);
  });
}

template class Ranges<NarrowNumber>;
template class Ranges<WideNumber>;

}  // namespace mailweir
