// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/counter_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace mailweir {

// The head of a block; behind it, without padding, stand the cells, the limit and the key.
struct CounterTable::Block {
  ring::State state;
  std::uint32_t period;
  std::uint16_t limit_size, key_size;
  CounterRoom::Owner owner;
  std::uint8_t width;
  std::uint8_t first_byte;

  static constexpr std::size_t head_size() { return offsetof(Block, first_byte); }
  static std::size_t size_of(unsigned width, std::size_t name_size) {
    return std::max(sizeof(Block), head_size() + ring::cells * width + name_size);
  }
  unsigned char* cells() { return reinterpret_cast<unsigned char*>(this) + head_size(); }
  const unsigned char* cells() const { return reinterpret_cast<const unsigned char*>(this) + head_size(); }
  char* name() { return reinterpret_cast<char*>(cells()) + ring::cells * width; }
  const char* name() const { return reinterpret_cast<const char*>(cells()) + ring::cells * width; }
  std::string_view limit() const { return {name(), limit_size}; }
  std::string_view key() const { return {name() + limit_size, key_size}; }
};

// The cells of a block at their width; set() is given only what fits (widen sees to it).
class CounterTable::Cells {
 public:
  explicit Cells(Block& block) : at_(block.cells()), width_(block.width) {}

  std::uint64_t get(std::size_t i) const {
    switch (width_) {
      case 1: return at_[i];
      case 2: return load<std::uint16_t>(i);
      case 4: return load<std::uint32_t>(i);
      default: return load<std::uint64_t>(i);
    }
  }
  void set(std::size_t i, std::uint64_t count) {
    switch (width_) {
      case 1: at_[i] = static_cast<unsigned char>(count); break;
      case 2: store(i, static_cast<std::uint16_t>(count)); break;
      case 4: store(i, static_cast<std::uint32_t>(count)); break;
      default: store(i, count); break;
    }
  }

 private:
  template <typename T>
  std::uint64_t load(std::size_t i) const {
    T value;
    std::memcpy(&value, at_ + i * sizeof value, sizeof value);
    return value;
  }
  template <typename T>
  void store(std::size_t i, T value) {
    std::memcpy(at_ + i * sizeof value, &value, sizeof value);
  }

  unsigned char* at_;
  unsigned width_;
};

namespace {

constexpr std::int64_t milliseconds(std::uint32_t seconds) { return std::int64_t{seconds} * 1000; }

unsigned width_for(std::uint64_t count) {
  return count < 1u << 8 ? 1 : count < 1u << 16 ? 2 : count >> 32 == 0 ? 4 : 8;
}

std::uint32_t to_seconds(std::int64_t ms) {
  constexpr std::int64_t last = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>((ms + 999) / 1000, 0, last));
}

}  // namespace

CounterTable::~CounterTable() { clear(); }

void CounterTable::clear() {
  for (Place& place : places_) {
    if (room_ != nullptr && place.block != nullptr) room_->remove(place.block->owner, 1);
    std::free(place.block);
  }
  places_.clear();
  size_ = hand_ = 0;
}

CounterTable::Block* CounterTable::make_block(const CounterName& name, unsigned width) {
  static_assert(ring::most_count >> 53 == 0 && sizeof(ring::State) == 16);
  void* memory = std::calloc(1, Block::size_of(width, name.limit.size() + name.key.size()));
  if (memory == nullptr) throw std::bad_alloc();
  auto* block = new (memory) Block;
  block->state = {};
  block->period = name.period;
  block->limit_size = static_cast<std::uint16_t>(name.limit.size());
  block->key_size = static_cast<std::uint16_t>(name.key.size());
  block->owner = name.owner;
  block->width = static_cast<std::uint8_t>(width);
  std::copy(name.limit.begin(), name.limit.end(), block->name());
  std::copy(name.key.begin(), name.key.end(), block->name() + name.limit.size());
  return block;
}

// Makes the cells wide enough for `count`.
void CounterTable::widen(Place& place, std::uint64_t count) {
  const unsigned width = width_for(count);
  if (width <= place.block->width) return;
  Block* const old = place.block;
  Block* const wide = make_block({old->limit(), old->key(), old->period, place.hash, old->owner}, width);
  wide->state = old->state;
  const Cells from(*old);
  Cells to(*wide);
  for (std::size_t i = 0; i < ring::cells; ++i) to.set(i, from.get(i));
  place.block = wide;
  std::free(old);
}

void CounterTable::set_expiry(Place& place) {
  place.expires = to_seconds(ring::gone_at(place.block->state.head, milliseconds(place.block->period)));
}

std::size_t CounterTable::find(const CounterName& name) const {
  if (places_.empty()) return nowhere;
  const std::size_t mask = places_.size() - 1;
  for (std::size_t at = name.hash & mask; places_[at].block != nullptr; at = (at + 1) & mask) {
    if (places_[at].hash != name.hash) continue;
    const Block& block = *places_[at].block;
    if (block.period == name.period && block.key() == name.key && block.limit() == name.limit) return at;
  }
  return nowhere;
}

// All that is counted is of now, if the head is astray.
void CounterTable::settle(Place& place, std::int64_t slot) {
  if (!ring::is_astray(place.block->state, slot)) return;
  widen(place, place.block->state.total);  // one cell will have it all
  Cells cells(*place.block);
  ring::advance(place.block->state, cells, slot);
  set_expiry(place);
}

CounterTable::Found CounterTable::look(const CounterName& name, std::int64_t now) {
  const std::size_t at = find(name);
  if (at == nowhere) return {};
  const std::int64_t slot = ring::slot_at(now, milliseconds(name.period));
  settle(places_[at], slot);
  Block& block = *places_[at].block;
  return {true, ring::total_at(block.state, Cells(block), slot)};
}

std::int64_t CounterTable::left_at(const CounterName& name, std::uint64_t units, std::int64_t now) const {
  Block& block = *places_[find(name)].block;
  const std::int64_t period = milliseconds(name.period);
  return ring::left_at(block.state, Cells(block), ring::slot_at(now, period), units, period);
}

CounterTable::Added CounterTable::add(const CounterName& name, std::uint64_t units, std::int64_t now) {
  std::size_t at = find(name);
  const bool created = at == nowhere;
  if (created) at = create(name);
  Place& place = places_[at];
  const std::int64_t slot = ring::slot_at(now, milliseconds(name.period));
  settle(place, slot);
  Cells cells(*place.block);
  ring::advance(place.block->state, cells, slot);

  const std::size_t cell = ring::cell_of(place.block->state.head);
  const std::uint64_t more = ring::addable(place.block->state, units), count = cells.get(cell) + more;
  widen(place, count);  // may move the block
  Cells(*place.block).set(cell, count);
  place.block->state.total += more;
  set_expiry(place);
  return {created, place.block->state.head};
}

CounterTable::Added CounterTable::set_total(const CounterName& name, std::uint64_t total, std::int64_t now) {
  const Added here = add(name, 0, now);
  Block& block = *places_[find(name)].block;
  const std::uint64_t had = block.state.total;
  if (total > had) return {here.created, add(name, total - had, now).slot};
  Cells cells(block);
  ring::drop_oldest(block.state, cells, had - total);
  return here;
}

void CounterTable::take_back(const CounterName& name, std::int64_t slot, std::uint64_t units) {
  const std::size_t at = find(name);
  if (at == nowhere) return;
  Cells cells(*places_[at].block);
  ring::take_back(places_[at].block->state, cells, slot, units);
}

std::size_t CounterTable::create(const CounterName& name) {
  if ((size_ + 1) * 4 > places_.size() * 3) grow();
  Block* const block = make_block(name, 1);
  const std::size_t mask = places_.size() - 1;
  std::size_t at = name.hash & mask;
  while (places_[at].block != nullptr) at = (at + 1) & mask;
  places_[at] = {block, name.hash, std::numeric_limits<std::uint32_t>::max()};
  ++size_;
  if (room_ != nullptr) room_->add(name.owner, 1);
  longest_ = std::max(longest_, name.period);
  return at;
}

void CounterTable::grow() {
  std::vector<Place> old(std::max<std::size_t>(16, places_.size() * 2));
  old.swap(places_);
  const std::size_t mask = places_.size() - 1;
  for (const Place& place : old) {
    if (place.block == nullptr) continue;
    std::size_t at = place.hash & mask;
    while (places_[at].block != nullptr) at = (at + 1) & mask;
    places_[at] = place;
  }
  hand_ = 0;
}

// Closes the gap, so that the table needs no marks for removed places (Knuth 6.4, algorithm R).
void CounterTable::remove(std::size_t at) {
  if (room_ != nullptr) room_->remove(places_[at].block->owner, 1);
  std::free(places_[at].block);
  const std::size_t mask = places_.size() - 1;
  for (std::size_t next = (at + 1) & mask; places_[next].block != nullptr; next = (next + 1) & mask) {
    const std::size_t home = places_[next].hash & mask;
    if (((next - home) & mask) < ((next - at) & mask)) continue;
    places_[at] = places_[next];
    at = next;
  }
  places_[at] = {};
  --size_;
}

std::size_t CounterTable::sweep(std::size_t places, std::int64_t now) {
  const std::size_t before = size_;
  const std::uint32_t second = static_cast<std::uint32_t>(std::clamp<std::int64_t>(now / 1000, 0, 0xffff'ffff));
  // Beyond this no counter can live, unless the clock has gone back.
  const std::uint32_t latest = to_seconds(now + milliseconds(longest_) + milliseconds(longest_) / 15 + 1000);
  for (std::size_t left = std::min(places, places_.size()); left > 0; --left) {
    while (places_[hand_].block != nullptr && places_[hand_].expires <= second) remove(hand_);  // another may move here
    places_[hand_].expires = std::min(places_[hand_].expires, latest);
    hand_ = (hand_ + 1) & (places_.size() - 1);
  }
  return before - size_;
}

std::size_t CounterTable::erase(std::string_view limit, std::string_view key) {
  const std::size_t before = size_;
  for (std::size_t at = 0; at < places_.size(); ++at) {
    while (places_[at].block != nullptr && places_[at].block->key() == key && places_[at].block->limit() == limit)
      remove(at);
  }
  return before - size_;
}

void CounterTable::for_each(const std::function<void(const CounterRecord&)>& use) const {
  CounterRecord record;
  for (const Place& place : places_) {
    if (place.block == nullptr) continue;
    const Cells cells(*place.block);
    record.limit = place.block->limit();
    record.key = place.block->key();
    record.period = place.block->period;
    record.stranger = CounterRoom::is_stranger(place.block->owner);
    record.head = place.block->state.head;
    for (std::int64_t age = 0; age < ring::cells; ++age)
      record.ages[age] = record.head < age ? 0 : cells.get(ring::cell_of(record.head - age));
    use(record);
  }
}

bool CounterTable::restore(const CounterRecord& record, std::uint32_t hash, CounterRoom::Owner owner) {
  const CounterName name{record.limit, record.key, record.period, hash, owner};
  std::size_t at = find(name);
  const bool created = at == nowhere;
  if (created) at = create(name);
  Place& place = places_[at];
  widen(place, *std::max_element(record.ages.begin(), record.ages.end()));
  Cells cells(*place.block);
  for (std::size_t i = 0; i < ring::cells; ++i) cells.set(i, 0);
  ring::State& state = place.block->state;
  state = {record.head, 0};
  for (std::int64_t age = 0; age < ring::cells && age <= record.head; ++age) {
    cells.set(ring::cell_of(record.head - age), record.ages[age]);
    state.total += record.ages[age];
  }
  set_expiry(place);
  return created;
}

}  // namespace mailweir
