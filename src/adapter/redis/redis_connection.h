// SPDX-License-Identifier: BSD-2-Clause
// RedisConnection: one connection to a Redis server, one command at a time, every wait with a deadline (hiredis reads
// and writes, we wait: for a millisecond on the socket, then as base/blocking.h says; open blocks). RedisReply: an
// answer. Not thread-safe. After an error the connection is of no more use: an answer that comes late would be taken
// for the next command's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/redis/host_lookup.h"
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
  // Connects to the URL's first server, logs in and selects the database. Errors do not name the server; the caller
  // does.
  static Result<std::unique_ptr<RedisConnection>> open(const RedisUrl& url, HostLookup& hosts, Login login,
                                                       Deadline deadline);
  virtual ~RedisConnection() = default;

  // An Error is a broken connection or a time-out; what the server refuses is a reply.
  virtual Result<RedisReply> command(std::span<const std::string_view> words, Deadline deadline) = 0;
  // Whether an idle connection still stands; one with something to read was closed or is out of step.
  virtual bool is_quiet() const = 0;

  // For many commands in flight at once, without a wait (adapter/redis/redis_pipeline.h); not over TLS. From the first
  // of these on command() is not to be used. Errors as there.
  virtual int fd() const = 0;
  virtual Result<void> add(std::span<const std::string_view> words) = 0;
  // Whether all that was added has gone out.
  virtual Result<bool> send_some() = 0;
  virtual Result<void> receive_some() = 0;
  // The next answer, in the order of the commands, of what was received; nothing: it has not come yet.
  virtual Result<std::optional<RedisReply>> next() = 0;
};

// An answer that did not come within its deadline.
Error no_answer_in_time();

// A cluster's words about where a key is: the connection is as good as before.
bool is_redirection(const RedisReply& reply);
// The server knows no script of that name: nothing has run.
bool is_no_script(const RedisReply& reply);
// What the server refused as an Error that says what to do; temporary, unless it is the fault of one key.
Error to_error(const RedisReply& refused);

}  // namespace mailweir
