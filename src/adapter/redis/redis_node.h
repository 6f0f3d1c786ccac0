// SPDX-License-Identifier: BSD-2-Clause
// RedisNode: one Redis server: its connections, and our script on it. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/redis/redis_call.h"
#include "adapter/redis/redis_clock.h"
#include "adapter/redis/redis_pool.h"
#include "base/guarded.h"

namespace mailweir {

// What became of a command. `sent`: it may have been carried out, whatever the reply says; a command that was not sent,
// or that the server answered with an error, was not.
struct RedisAnswer {
  Result<RedisReply> reply = Error{};
  bool sent = false;
  bool is_error() const { return reply && reply->kind == RedisReply::Kind::error; }
  // The reply is an error that begins so.
  bool is(std::string_view word) const { return is_error() && reply->text.starts_with(word); }
};

class RedisNode {
 public:
  // At most so many connections for calls that go alone; each loop that asks has one more (redis_pipeline.h).
  RedisNode(RedisUrl url, std::size_t connections);

  // One round trip, once the server's name for the script (its SHA-1) is known. `asking`: after a cluster's ASK. What
  // the server comes to after the deadline it does not do.
  RedisAnswer run(const RedisCall& call, bool asking, Deadline deadline);
  RedisAnswer command(const std::vector<std::string_view>& words, Deadline deadline, bool asking = false);

  const std::string& name() const { return pool_.name(); }
  const std::string& host() const { return pool_.host(); }
  std::uint64_t connects() const { return pool_.connects(); }
  // An error of this server's, named.
  Error named(const Error& error) const { return Error{pool_.name() + ": " + error.what, error.temporary}; }

 private:
  RedisAnswer run_once(const RedisCall& call, bool asking, Deadline deadline);
  template <typename Use>
  RedisAnswer with_connection(Deadline deadline, Use use);
  Result<RedisReply> run_on(RedisConnection& connection, const RedisCall& call, bool asking, Deadline deadline);

  std::optional<Result<RedisReply>> run_in_pipeline(const RedisCall& call, Deadline deadline);

  const std::uint64_t id_;
  const std::shared_ptr<const void> alive_;
  RedisPool pool_;
  Guarded<std::string> script_name_;
  RedisClock clock_;
};

}  // namespace mailweir
