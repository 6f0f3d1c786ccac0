// SPDX-License-Identifier: BSD-2-Clause
#include "start/store_warnings.h"

#include "adapter/counters/redis_counters.h"
#include "base/file.h"

namespace mailweir {
namespace {

constexpr std::size_t most_blocks = 1'000'000;

std::string number_of(std::size_t count, const char* one) {
  return std::to_string(count) + ' ' + one + (count == 1 ? "" : "s");
}

std::string eviction_warning(const std::string& server, const std::string& policy, const std::string& what) {
  return server + ": its maxmemory-policy is " + policy + ": when its memory is full, it drops " + what +
         " silently; set noeviction";
}

}  // namespace

std::string LeftCounters::to_string() const {
  return number_of(counters, "counter") + " and " + number_of(blocks, "block");
}

LeftCounters left_counters(MemoryCounters& store) {
  const auto blocks = store.blocks(most_blocks, Deadline());
  return {static_cast<std::size_t>(store.stats().counters.load()), blocks ? blocks->size() : 0};
}

LeftCounters left_counters(const std::string& file, const Clock& clock) {
  const auto store = make_memory_counters({.max_counters = ~std::size_t{0} >> 1}, clock);
  if (!store->restore(file)) return {};
  return left_counters(*store);
}

std::string counters_path(const Config& config) {
  const std::string& file = config.counters.file;
  return file.starts_with('/') ? file : config.general.state_directory + '/' + file;
}

std::vector<std::string> store_warnings(const Config& config, const TableSources& lists,
                                        std::chrono::milliseconds deadline, const Clock& clock) {
  std::vector<std::string> warnings;
  // Of the server that a key names, and what it holds.
  const auto look = [&](std::string_view key, const std::string& server, const Result<std::string>& policy,
                        const std::string& what, const std::string& meanwhile) {
    const std::string name = config.places.named(key) + ": ";
    if (!policy) warnings.push_back(name + "cannot be used: " + policy.error().what + "; " + meanwhile);
    else if (!policy->empty()) warnings.push_back(name + eviction_warning(server, *policy, what));
  };
  const auto& counters = config.counters;
  if (counters.store != "memory") {
    const std::string file = counters_path(config);
    if (const auto left = left_counters(file, clock); left.any())
      warnings.push_back(file + ": " + left.to_string() + " of store = \"memory\": " + left_behind);
    RedisCountersConfig redis;
    redis.url = counters.store;
    redis.user = counters.user;
    if (!counters.password_file.empty())
      if (auto password = first_line(counters.password_file)) redis.password = *std::move(password);
    if (const auto store = make_redis_counters(redis))
      look("counters.store", (*store)->server(), (*store)->evicts(Deadline::in(deadline)), lost_counters,
           "a start succeeds all the same, and on_outage = \"" + counters.on_outage +
               "\" applies until the server can be used");
  }
  const char* const names_lists = config.redis.url.empty() ? "counters.store" : "redis.url";
  for (const auto& [server, policy] : lists.evictions(deadline))
    look(names_lists, server, policy, lost_lists,
         "a start succeeds all the same, and rules that need its lists follow their on_outage until the server can be "
         "used");
  for (const auto& [server, policy] : lists.key_evictions(deadline))
    look("dkim.keys", server, policy, lost_keys,
         "a start succeeds all the same, and [dkim] without_key applies to mail of domains that are asked for "
         "meanwhile");
  return warnings;
}

}  // namespace mailweir
