// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/block_list.h"

#include <algorithm>
#include <tuple>

namespace mailweir {

std::string BlockList::name_of(std::string_view limit, std::string_view key) {
  std::string name(limit);
  name += '\0';
  name += key;
  return name;
}

std::int64_t BlockList::left(std::string_view limit, std::string_view key, std::int64_t now) const {
  if (size_.load(std::memory_order_acquire) == 0) return 0;
  const std::string name = name_of(limit, key);
  return entries_.with([&](const Entries& entries) {
    const auto found = entries.find(name);
    return found == entries.end() ? 0 : std::max<std::int64_t>(found->second.end - now, 0);
  });
}

BlockList::Put BlockList::put(const Block& block, bool replace, std::int64_t now) {
  const std::string name = name_of(block.limit, block.key);
  const Entry entry{block, now + block.left.count()};
  return entries_.with([&](Entries& entries) {
    const auto found = entries.find(name);
    if (found != entries.end()) {
      if (!replace && found->second.end > now) return Put::was_there;
      found->second = entry;
      return Put::made;
    }
    if (entries.size() >= most_) std::erase_if(entries, [now](const auto& one) { return one.second.end <= now; });
    if (entries.size() >= most_) return Put::full;
    entries.emplace(name, entry);
    size_ = entries.size();
    return Put::made;
  });
}

void BlockList::follow(std::string_view limit, std::string_view key, std::int64_t left, std::int64_t now) {
  if (left <= 0) {
    if (size_.load(std::memory_order_acquire) != 0) erase(limit, key, now);
    return;
  }
  const bool known = entries_.with([&](Entries& entries) {
    const auto found = entries.find(name_of(limit, key));
    if (found != entries.end()) found->second.end = now + left;
    return found != entries.end();
  });
  if (!known) put({std::string(limit), std::string(key), "-", "blocked in the shared store", std::chrono::milliseconds(left)}, false, now);
}

bool BlockList::erase(std::string_view limit, std::string_view key, std::int64_t now) {
  return entries_.with([&](Entries& entries) {
    const auto found = entries.find(name_of(limit, key));
    if (found == entries.end()) return false;
    const bool was = found->second.end > now;
    entries.erase(found);
    size_ = entries.size();
    return was;
  });
}

std::vector<Block> BlockList::list(std::int64_t now) const {
  std::vector<Block> blocks;
  entries_.with([&](const Entries& entries) {
    for (const auto& [name, entry] : entries) {
      if (entry.end <= now) continue;
      blocks.push_back(entry.block);
      blocks.back().left = std::chrono::milliseconds(entry.end - now);
    }
  });
  std::sort(blocks.begin(), blocks.end(),
            [](const Block& a, const Block& b) { return std::tie(a.limit, a.key) < std::tie(b.limit, b.key); });
  return blocks;
}

void BlockList::clear() {
  entries_.with([&](Entries& entries) {
    entries.clear();
    size_ = 0;
  });
}

}  // namespace mailweir
