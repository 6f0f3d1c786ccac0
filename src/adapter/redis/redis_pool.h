// SPDX-License-Identifier: BSD-2-Clause
// RedisPool: a bounded set of connections to one server, made when needed. A caller borrows one and gives it back
// unless it broke; when all are out, it waits until its deadline. Thread-safe; outlives what is borrowed.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "adapter/redis/redis_connection.h"

namespace mailweir {

class RedisPool {
 public:
  // Destroyed: the connection is dropped, unless it was kept.
  class Borrowed {
   public:
    Borrowed(RedisPool& pool, std::unique_ptr<RedisConnection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Borrowed(Borrowed&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}
    Borrowed& operator=(Borrowed&&) = delete;
    ~Borrowed() {
      if (pool_ != nullptr) pool_->end(nullptr);
    }
    RedisConnection& operator*() const { return *connection_; }
    RedisConnection* operator->() const { return connection_.get(); }
    // It is in step with the server and may be used again.
    void keep() { std::exchange(pool_, nullptr)->end(std::move(connection_)); }

   private:
    friend class RedisPool;
    void fill(std::unique_ptr<RedisConnection> connection) { connection_ = std::move(connection); }

    RedisPool* pool_;
    std::unique_ptr<RedisConnection> connection_;
  };

  RedisPool(RedisUrl url, std::size_t most)
      : url_(std::move(url)), name_(url_.to_string()), most_(most), hosts_(url_.socket().host) {}

  Result<Borrowed> borrow(Deadline deadline);
  // One that is idle, for good: it counts no longer. nullptr: none is.
  std::unique_ptr<RedisConnection> take_idle();
  bool can_pipeline() const { return !url_.tls; }
  const std::string& name() const { return name_; }  // the server's, without password
  const std::string& host() const { return url_.socket().host; }
  std::uint64_t connects() const { return connects_; }

 private:
  Result<Borrowed> wait_or_connect(Deadline deadline, std::vector<std::unique_ptr<RedisConnection>>& closed);
  std::unique_ptr<RedisConnection> quiet_one(std::vector<std::unique_ptr<RedisConnection>>& closed);
  void end(std::unique_ptr<RedisConnection> idle);

  const RedisUrl url_;
  const std::string name_;
  const std::size_t most_;
  HostLookup hosts_;
  std::atomic<std::uint64_t> connects_{0};

  std::mutex mutex_;  // guards what follows
  std::condition_variable ended_;
  std::vector<std::unique_ptr<RedisConnection>> idle_;  // the one used last at the end
  std::size_t borrowed_ = 0;
};

}  // namespace mailweir
