// SPDX-License-Identifier: BSD-2-Clause
// RedisPipeline: one connection that all who are served by one loop share: their calls go out together, the answers
// come in the same order, and none blocks a thread meanwhile (base/waiting_loop.h). Only what is quick goes this way.
//
// A call whose time is over leaves its place behind, and its answer is dropped when it comes; if nothing at all has
// come since the call went out, the connection is given up, and all calls in flight fail at once: they may have been
// carried out. After an error other than a cluster's words about where a key is, no new calls are taken. The loop's
// thread's alone.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapter/redis/redis_call.h"
#include "adapter/redis/redis_connection.h"
#include "base/waiting_loop.h"

namespace mailweir {

class RedisPipeline final : public LoopGuest {
 public:
  // It ends when the owner is gone and no call waits.
  RedisPipeline(std::unique_ptr<RedisConnection> connection, WaitingLoop& loop, std::weak_ptr<const void> owner)
      : connection_(std::move(connection)), loop_(loop), owner_(std::move(owner)) {}

  bool takes_calls() const { return !broken_ && !retiring_ && calls_.size() < most_in_flight; }
  // One EVALSHA; sets the caller aside. Nothing: the connection was gone before it went out, nothing was sent.
  std::optional<Result<RedisReply>> run(const RedisCall& call, std::string_view script_name, std::int64_t ends,
                                        Deadline deadline);

  int fd() const override { return connection_->fd(); }
  void ready() override;
  bool flush() override;
  bool is_over() const override { return broken_ || (calls_.empty() && (retiring_ || owner_.expired())); }

 private:
  static constexpr std::size_t most_in_flight = 4096;

  // On the caller's stack.
  struct Call {
    WaitingLoop::Wait wait;
    bool sent = false, done = false;
    Result<RedisReply> reply = Error{};
  };
  struct Place {
    Call* call;  // nullptr: it waits no longer
    SteadyTime began;
  };

  void finish(Call& call, Result<RedisReply> reply);
  void fail(const Error& error);
  void give_up(Call& call);

  const std::unique_ptr<RedisConnection> connection_;
  WaitingLoop& loop_;
  const std::weak_ptr<const void> owner_;
  std::deque<Place> calls_;  // in the order of their answers
  std::size_t unsent_ = 0;   // of them, at the end
  bool stuck_ = false;       // the socket did not take all that was sent
  SteadyTime last_heard_{};
  bool broken_ = false, retiring_ = false;
};

}  // namespace mailweir
