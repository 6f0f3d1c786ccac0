// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/block_list.h"

#include <algorithm>
#include <tuple>

namespace mailweir {

std::string BlockList::name_of(std::string_view limit, std::string_view key) {
  std::string name(limit);
  name += '\0';
  name += key;
  return name;
}

std::int64_t BlockList::Entry::left(std::int64_t now) {
  end = std::min(end, now + static_cast<std::int64_t>(block.left.count()));
  return std::max<std::int64_t>(end - now, 0);
}

std::int64_t BlockList::left(std::string_view limit, std::string_view key, std::int64_t now) {
  if (size_.load(std::memory_order_acquire) == 0) return 0;
  const std::string name = name_of(limit, key);
  return entries_.with([&](Entries& entries) {
    const auto found = entries.find(name);
    return found == entries.end() ? 0 : found->second.left(now);
  });
}

BlockList::Put BlockList::put(const Block& block, bool replace, std::int64_t now) {
  const std::string name = name_of(block.limit, block.key);
  Entry entry{block, now + block.left.count(), 0};
  return entries_.with([&](Entries& entries) {
    const auto found = entries.find(name);
    if (found != entries.end()) {
      if (!replace && found->second.left(now) > 0) return Put::was_there;
      entry.owner = found->second.owner;
      found->second = entry;
      return Put::made;
    }
    entry.owner = room_.owner(block.limit, block.stranger);
    if (!has_room(entries, entry.owner)) drop_ended(entries, now);
    if (!has_room(entries, entry.owner)) return Put::full;
    entries.emplace(name, entry);
    room_.add(entry.owner, 1);
    size_ = entries.size();
    return Put::made;
  });
}

void BlockList::drop_ended(Entries& entries, std::int64_t now) {
  for (auto entry = entries.begin(); entry != entries.end();) {
    const bool ended = entry->second.end <= now;
    if (ended) room_.remove(entry->second.owner, 1);
    entry = ended ? entries.erase(entry) : std::next(entry);
  }
}

void BlockList::follow(std::string_view limit, std::string_view key, std::int64_t left, std::int64_t now,
                       bool stranger) {
  if (left <= 0) {
    if (size_.load(std::memory_order_acquire) != 0) erase(limit, key, now);
    return;
  }
  const bool known = entries_.with([&](Entries& entries) {
    const auto found = entries.find(name_of(limit, key));
    if (found != entries.end()) {
      found->second.end = now + left;
      found->second.block.left = std::chrono::milliseconds(left);
    }
    return found != entries.end();
  });
  if (!known)
    put({std::string(limit), std::string(key), "-", "blocked in the shared store", std::chrono::milliseconds(left),
         stranger},
        false, now);
}

bool BlockList::erase(std::string_view limit, std::string_view key, std::int64_t now) {
  return entries_.with([&](Entries& entries) {
    const auto found = entries.find(name_of(limit, key));
    if (found == entries.end()) return false;
    const bool was = found->second.left(now) > 0;
    room_.remove(found->second.owner, 1);
    entries.erase(found);
    size_ = entries.size();
    return was;
  });
}

std::vector<Block> BlockList::list(std::int64_t now) {
  std::vector<Block> blocks;
  entries_.with([&](Entries& entries) {
    for (auto& [name, entry] : entries) {
      const std::int64_t left = entry.left(now);
      if (left == 0) continue;
      blocks.push_back(entry.block);
      blocks.back().left = std::chrono::milliseconds(left);
    }
  });
  std::sort(blocks.begin(), blocks.end(),
            [](const Block& a, const Block& b) { return std::tie(a.limit, a.key) < std::tie(b.limit, b.key); });
  return blocks;
}

void BlockList::clear() {
  entries_.with([&](Entries& entries) {
    for (const auto& [name, entry] : entries) room_.remove(entry.owner, 1);
    entries.clear();
    size_ = 0;
  });
}

}  // namespace mailweir
