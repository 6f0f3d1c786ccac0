// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_pool.h"

#include <optional>

#include "base/blocking.h"

namespace mailweir {

Result<RedisPool::Borrowed> RedisPool::borrow(Deadline deadline) {
  std::vector<std::unique_ptr<RedisConnection>> closed;  // freed after the lock
  std::optional<Result<Borrowed>> borrowed;
  {
    const std::lock_guard lock(mutex_);
    if (auto connection = borrowed_ < most_ ? quiet_one(closed) : nullptr) {
      ++borrowed_;
      return Borrowed(*this, std::move(connection));
    }
  }
  if (!run_blocking(deadline, [&] { borrowed.emplace(wait_or_connect(deadline, closed)); }))
    return Error{"not asked: no thread was free to connect in time", true};
  return *std::move(borrowed);
}

Result<RedisPool::Borrowed> RedisPool::wait_or_connect(Deadline deadline,
                                                       std::vector<std::unique_ptr<RedisConnection>>& closed) {
  {
    std::unique_lock lock(mutex_);
    if (!ended_.wait_until(lock, deadline.at(), [this] { return borrowed_ < most_; }))
      return Error{"all " + std::to_string(most_) + " connections are in use: the server is too slow", true};
    ++borrowed_;
    if (auto connection = quiet_one(closed)) return Borrowed(*this, std::move(connection));
  }
  Borrowed place(*this, nullptr);  // gives the place back if connecting fails
  if (const auto why = url_.for_secrets ? url_.objection_to_secrets() : std::string(); !why.empty())
    return Error{why, true};
  auto connection = RedisConnection::open(url_, hosts_, RedisConnection::Login::yes, deadline);
  if (!connection) return connection.error();
  ++connects_;
  place.fill(std::move(*connection));
  return place;
}

// With the lock held. nullptr: none is idle.
std::unique_ptr<RedisConnection> RedisPool::quiet_one(std::vector<std::unique_ptr<RedisConnection>>& closed) {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->is_quiet()) return connection;
    closed.push_back(std::move(connection));
  }
  return nullptr;
}

std::unique_ptr<RedisConnection> RedisPool::take_idle() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void RedisPool::end(std::unique_ptr<RedisConnection> idle) {
  {
    const std::lock_guard lock(mutex_);
    --borrowed_;
    if (idle != nullptr) idle_.push_back(std::move(idle));
  }
  ended_.notify_one();
}

}  // namespace mailweir
