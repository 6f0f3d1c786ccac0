// SPDX-License-Identifier: BSD-2-Clause
// RedisConnection: one connection to a Redis server, one command at a time, every wait with a deadline (hiredis reads and
// writes, we wait; for the first millisecond without a word to base/blocking.h). RedisReply: an answer. Not thread-safe.
// After an error the connection is of no more use: an answer that comes late would be taken for the next command's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/host_lookup.h"
#include "base/clock.h"
#include "base/result.h"
#include "port/redis_url.h"

namespace mailweir {

struct RedisReply {
  enum class Kind { nil, integer, text, error, array };
  Kind kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text;  // an error's too: "NOSCRIPT No matching script..."
  std::vector<RedisReply> elements;
};

class RedisConnection {
 public:
  enum class Login { no, yes };
  // Connects to the URL's first server, logs in and selects the database. Errors do not name the server; the caller does.
  static Result<std::unique_ptr<RedisConnection>> open(const RedisUrl& url, HostLookup& hosts, Login login,
                                                       Deadline deadline);
  virtual ~RedisConnection() = default;

  // An Error is a broken connection or a time-out; what the server refuses is a reply.
  virtual Result<RedisReply> command(std::span<const std::string_view> words, Deadline deadline) = 0;
  // Whether an idle connection still stands; one with something to read was closed or is out of step.
  virtual bool is_quiet() const = 0;
};

// What the server refused as an Error that says what to do; temporary, unless it is the fault of one key.
Error to_error(const RedisReply& refused);

}  // namespace mailweir
