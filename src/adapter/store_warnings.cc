// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/store_warnings.h"

#include "adapter/redis_counters.h"
#include "base/file.h"

namespace mailweir {
namespace {

constexpr std::size_t most_blocks = 1'000'000;

std::string number_of(std::size_t count, const char* one) { return std::to_string(count) + ' ' + one + (count == 1 ? "" : "s"); }

}  // namespace

std::string LeftCounters::to_string() const { return number_of(counters, "counter") + " and " + number_of(blocks, "block"); }

LeftCounters left_counters(MemoryCounters& store) {
  const auto blocks = store.blocks(most_blocks, Deadline());
  return {static_cast<std::size_t>(store.stats().counters.load()), blocks ? blocks->size() : 0};
}

LeftCounters left_counters(const std::string& file, const Clock& clock) {
  const auto store = make_memory_counters({.max_counters = ~std::size_t{0} >> 1}, clock);
  if (!store->restore(file)) return {};
  return left_counters(*store);
}

std::string eviction_warning(const std::string& server, const std::string& policy, const std::string& what) {
  return server + ": its maxmemory-policy is " + policy + ": when its memory is full it drops " + what + " without a word; set noeviction";
}

std::vector<std::string> store_warnings(const StoreQuestion& question, std::chrono::milliseconds deadline, const Clock& clock) {
  std::vector<std::string> warnings;
  if (question.store != "memory") {
    if (const auto left = left_counters(question.memory_file, clock); left.any())
      warnings.push_back(question.memory_file + ": " + left.to_string() + " of store = \"memory\" are not taken over to Redis, and count no more; "
                         "remove the file to hear no more of it");
    RedisCountersConfig config;
    config.url = question.store;
    config.user = question.user;
    if (!question.password_file.empty())
      if (auto password = first_line(question.password_file)) config.password = *std::move(password);
    if (const auto redis = make_redis_counters(config)) {
      const auto policy = (*redis)->evicts(Deadline::in(deadline));
      if (policy && !policy->empty()) warnings.push_back(eviction_warning((*redis)->server(), *policy, lost_counters));
    }
  }
  if (question.lists != nullptr)
    for (const auto& [server, policy] : question.lists->evictions(deadline)) warnings.push_back(eviction_warning(server, policy, lost_lists));
  return warnings;
}

}  // namespace mailweir
