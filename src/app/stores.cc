// SPDX-License-Identifier: BSD-2-Clause
#include "app/stores.h"

#include "adapter/counters/fallback_counters.h"

namespace mailweir {

void say_left(const std::string& file, const LeftCounters& left, std::string_view what, Log& log) {
  if (!left.any()) return;
  Event("counters-not-used")
      .with("file", file)
      .with("counters", static_cast<std::int64_t>(left.counters))
      .with("blocks", static_cast<std::int64_t>(left.blocks))
      .with("what", what)
      .to(log, Severity::warning);
}

Result<Stores> make_stores(const Config& config, const Clock& clock, Log& log) {
  Stores stores;
  const auto& counters = config.counters;
  MemoryCountersConfig memory;
  memory.max_counters = counters.max_counters;
  if (counters.store == "memory") {
    stores.memory = make_memory_counters(memory, clock);
    stores.file = counters_path(config);
    if (auto locked = PidFile::take(stores.file + ".pid"); locked) {
      stores.lock = std::make_unique<PidFile>(std::move(*locked));
    } else if (!locked.error().temporary) {
      Event("counters-not-saved").with("reason", locked.error().what).to(log, Severity::error);
    } else {
      return Error{
          config.places.named("counters.file") + ": the counters in " + stores.file +
          " belong to another daemon; give one of them its own [general] state_directory or [counters] file (" +
          locked.error().what + ")"};
    }
    const auto restored = stores.memory->restore(stores.file);
    if (!restored)
      Event("counters-not-restored")
          .with("reason", restored.error().what)
          .with("what", "counting starts from zero")
          .to(log, Severity::error);
    else
      Event("counters-restored")
          .with("file", stores.file)
          .with("counters", static_cast<std::int64_t>(restored->restored))
          .to(log);
    return stores;
  }
  const std::string file = counters_path(config);
  say_left(file, left_counters(file, clock), left_behind, log);
  RedisCountersConfig redis;
  redis.url = counters.store;
  redis.user = counters.user;
  auto password = read_counters_password(config);
  if (!password) return password.error();
  redis.password = *std::move(password);
  redis.prefix = counters.prefix;
  auto shared = make_redis_counters(redis);
  if (!shared) return shared.error();
  FallbackConfig fallback;
  fallback.name = (*shared)->server();
  fallback.fair_time = counters.deadline / 2;
  fallback.patience = counters.deadline;
  fallback.local_share = counters.local_share;
  fallback.most_waiting = counters.max_counters;
  stores.owned = make_fallback_counters(std::move(*shared),
                                        counters.on_outage == "local" ? make_memory_counters(memory, clock) : nullptr,
                                        fallback, clock, log);
  return stores;
}

void finish_stores(Stores& stores, Log& log) {
  if (auto* fallback = stores.fallback()) fallback->finish();
  save_stores(stores, log);
}

void save_stores(Stores& stores, Log& log) {
  if (!stores.memory) return;
  if (const auto saved = stores.memory->save(stores.file); !saved)
    Event("counters-not-saved").with("reason", saved.error().what).to(log, Severity::error);
}

}  // namespace mailweir
