// SPDX-License-Identifier: BSD-2-Clause
// RedisCall: the words of one call of our script (adapter/redis/redis_script.h says what they mean).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/redis/redis_connection.h"
#include "port/counter_store.h"

namespace mailweir {

class RedisCall {
 public:
  // `now`: milliseconds since the epoch; 0: the server's own clock.
  RedisCall(std::string_view operation, std::int64_t now) {
    add(operation);
    add(now);
  }
  void add_key(std::string key) { keys_.push_back(std::move(key)); }
  void add(std::string_view word) { words_.emplace_back(word); }
  void add(std::int64_t number) { words_.push_back(std::to_string(number)); }
  void add(CountKind kind) { add(std::string_view("rlbdf").substr(static_cast<std::size_t>(kind), 1)); }
  void add(bool flag) { add(flag ? "1" : "0"); }
  void add(const char* word) { add(std::string_view(word)); }
  bool has_keys() const { return !keys_.empty(); }

  // `command` is EVAL with the script, or EVALSHA with its name.
  // `ends`: until when it is wanted, by the server's clock; 0: not known.
  Result<RedisReply> run(RedisConnection& connection, std::string_view command, std::string_view script,
                         std::int64_t ends, Deadline deadline) const {
    const std::string count = std::to_string(keys_.size()), end = std::to_string(may_be_late() ? 0 : ends);
    return connection.command(all_words(command, script, count, end), deadline);
  }
  // Only says it (RedisConnection::add).
  Result<void> say(RedisConnection& connection, std::string_view command, std::string_view script,
                   std::int64_t ends) const {
    const std::string count = std::to_string(keys_.size()), end = std::to_string(may_be_late() ? 0 : ends);
    return connection.add(all_words(command, script, count, end));
  }
  // Its answer ends with the server's time.
  bool tells_time() const { return words_[0] == "charge" || words_[0] == "look"; }

 private:
  // What is given back is not given back again if no answer came: late is better than never.
  bool may_be_late() const { return words_[0] == "give_back"; }
  std::vector<std::string_view> all_words(std::string_view command, std::string_view script, std::string_view count,
                                          std::string_view end) const {
    std::vector<std::string_view> all;
    all.reserve(4 + keys_.size() + words_.size());
    for (const std::string_view word : {command, script, count}) all.push_back(word);
    all.insert(all.end(), keys_.begin(), keys_.end());
    all.insert(all.end(), words_.begin(), words_.begin() + 2);
    all.push_back(end);
    all.insert(all.end(), words_.begin() + 2, words_.end());
    return all;
  }

  std::vector<std::string> keys_, words_;
};

}  // namespace mailweir
