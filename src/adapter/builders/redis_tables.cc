// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/builders/redis_tables.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "adapter/redis/redis_eviction.h"
#include "adapter/redis/redis_pool.h"
#include "adapter/table/table_candidates.h"
#include "base/file.h"
#include "base/guarded.h"
#include "base/text.h"
#include "port/table_batch.h"

namespace mailweir {
namespace {

// KEYS[1]: the set, sorted set or hash. ARGV[1]: set or hash, what it must be; ARGV[2] the key that says that it was
// there (no part of KEYS: a login that may not touch it may still look up); then what to look for, the first one
// counts.
// -> {there, value}, {there}, {none}, {empty} if it is meant to be, or {gone} if it was there.
constexpr std::string_view script = R"(local kind = redis.call('TYPE', KEYS[1]).ok
local mark = redis.pcall('GET', ARGV[2])
if kind == 'none' then return {mark == 'there' and 'gone' or mark == 'empty' and 'empty' or 'none'} end
if mark ~= 'there' then redis.pcall('SET', ARGV[2], 'there') end
if ARGV[1] == 'map' then
  if kind ~= 'hash' then return redis.error_reply('NOTAMAP it is a ' .. kind .. ', and a map is a hash') end
  for i = 3, #ARGV do
    local value = redis.call('HGET', KEYS[1], ARGV[i])
    if value then return {'there', value} end
  end
  return {'there'}
end
if kind == 'set' then
  for i = 3, #ARGV do
    if redis.call('SISMEMBER', KEYS[1], ARGV[i]) == 1 then return {'there', ''} end
  end
  return {'there'}
end
if kind ~= 'zset' then
  return redis.error_reply('NOTALIST it is a ' .. kind .. ', and a list is a set or a sorted set')
end
local now
for i = 3, #ARGV do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if score then
    if not now then local time = redis.call('TIME') now = time[1] + time[2] / 1000000 end
    if score == 'inf' or tonumber(score) > now then return {'there', ''} end
  end
end
return {'there'})";

constexpr std::string_view empty_script = R"(redis.call('SET', ARGV[1], 'empty')
return redis.call('DEL', KEYS[1]))";

std::string mark_of(const std::string& key) { return key + ":mailweir"; }

constexpr std::size_t most_in_a_call = 2000;  // keys: some milliseconds of the server's time
constexpr std::size_t most_calls = 10;        // for one question; beyond it the table counts as not answering
// A call of more keys that takes too long says nothing of the server: one stranger's message must not turn its lists
// off for all. A single lookup has up to 132.
constexpr std::size_t usual_call = 200;

class Server : public RedisTables, public std::enable_shared_from_this<Server> {
 public:
  Server(RedisTablesConfig config, RedisUrl url, const Clock& clock, Log& log)
      : config_(std::move(config)), clock_(clock), log_(log), pool_(std::move(url), config_.connections),
        outage_("list-store", pool_.name(), "rules that need its lists follow their on_outage", stats_, clock, log) {}

  TablePtr table(const std::string& key, TableKind kind) override;
  Result<bool> make_empty(const std::string& key) override;
  Result<std::string> evicts(Deadline deadline) override;
  const RedisTableStats& stats() const override { return stats_; }
  const std::string& server() const override { return pool_.name(); }

  // The value of the first candidate that is there.
  Found find(const std::string& key, TableKind kind, const std::vector<std::string>& candidates);
  // The same for many, in calls of a bounded size; not kept.
  Found find_many(const std::string& key, TableKind kind, const std::vector<std::string>& candidates);

 private:
  struct Kept {
    Found found;
    SteadyTime until;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Kept, TextHash> kept;
  };
  Found look_up(const std::string& key, TableKind kind, const std::vector<std::string>& candidates);
  void took_too_long(const std::string& key, std::size_t keys, const Error& error);
  Found trouble_with(const std::string& key, std::string_view state, const std::string& error, std::string_view what);
  bool is_gone(const std::string& key, std::string_view state);
  Result<RedisReply> command(const std::vector<std::string_view>& words, Deadline deadline);
  bool shall_tell(std::string_view state, const std::string& key);
  Result<RedisReply> ask(const std::string& key, TableKind kind, const std::vector<std::string>& candidates);

  const RedisTablesConfig config_;
  const Clock& clock_;
  Log& log_;
  RedisPool pool_;
  RedisTableStats stats_;
  std::array<Shard, 16> shards_;
  Guarded<std::unordered_set<std::string>> seen_;  // keys that were there
  RedisOutage outage_;
  std::mutex told_;                                        // guards what follows
  std::unordered_map<std::string, SteadyTime> next_told_;  // of a key and its state; keys are the policy's
};

class RedisTable final : public BatchTable {
 public:
  RedisTable(std::shared_ptr<Server> server, std::string key, TableKind kind)
      : server_(std::move(server)), key_(std::move(key)), kind_(kind) {}
  Found find(const IpAddress& address) const override { return server_->find(key_, kind_, table_candidates(address)); }
  Found find_domain(std::string_view domain) const override {
    return server_->find(key_, kind_, domain_candidates(domain));
  }
  Found find(const Address& address) const override { return server_->find(key_, kind_, table_candidates(address)); }
  Found find_word(std::string_view word) const override { return server_->find(key_, kind_, word_candidates(word)); }
  Found find_first(std::span<const TableQuery> queries) const override {
    std::vector<std::string> keys;  // each once: many have their parents in common
    std::unordered_set<std::string, TextHash> seen;
    for (const TableQuery& query : queries)
      for (auto& key : candidates_of(query))
        if (seen.insert(key).second) keys.push_back(std::move(key));
    return server_->find_many(key_, kind_, keys);
  }
  std::size_t size() const override { return 0; }
  void each(const std::function<void(std::string_view, std::string_view)>&) const override {}

 private:
  static std::vector<std::string> candidates_of(const TableQuery& query) {
    switch (query.kind) {
      case TableQuery::Kind::address: return table_candidates(*query.address);
      case TableQuery::Kind::ip: return table_candidates(*query.ip);
      case TableQuery::Kind::domain: return domain_candidates(query.text);
      case TableQuery::Kind::word: return word_candidates(query.text);
    }
    return {};
  }

  std::shared_ptr<Server> server_;
  const std::string key_;
  const TableKind kind_;
};

TablePtr Server::table(const std::string& key, TableKind kind) {
  return std::make_shared<RedisTable>(shared_from_this(), key, kind);
}

Found Server::find(const std::string& key, TableKind kind, const std::vector<std::string>& candidates) {
  if (candidates.empty()) return {};
  // The first candidate is the thing itself: with the list it says all.
  const std::string name = key + '\n' + candidates.front() + '\n' + std::to_string(candidates.size());
  Shard& shard = shards_[TextHash{}(name) % shards_.size()];
  const SteadyTime now = clock_.steady();
  {
    const std::lock_guard lock(shard.mutex);
    if (const auto kept = shard.kept.find(name); kept != shard.kept.end() && now < kept->second.until) {
      ++stats_.kept;
      return kept->second.found;
    }
  }
  const Found found = look_up(key, kind, candidates);
  if (found.is_outage()) return found;
  const std::lock_guard lock(shard.mutex);
  if (shard.kept.size() >= config_.most_kept / shards_.size())
    shard.kept.clear();  // they are half a second old at the most
  shard.kept[name] = {found, now + config_.fresh};
  return found;
}

Found Server::find_many(const std::string& key, TableKind kind, const std::vector<std::string>& candidates) {
  if (candidates.size() > most_in_a_call * most_calls) {
    took_too_long(key, candidates.size(), Error{"more keys than are asked for one message"});
    return Found::outage();
  }
  for (std::size_t at = 0; at < candidates.size(); at += most_in_a_call) {
    const auto begin = candidates.begin() + static_cast<std::ptrdiff_t>(at);
    const Found found = look_up(
        key, kind, {begin, begin + static_cast<std::ptrdiff_t>(std::min(most_in_a_call, candidates.size() - at))});
    if (found || found.is_outage()) return found;
  }
  return {};
}

// Asks the server.
Found Server::look_up(const std::string& key, TableKind kind, const std::vector<std::string>& candidates) {
  if (!outage_.may_try()) return Found::outage();
  ++stats_.asked;
  const auto reply = ask(key, kind, candidates);
  if (reply && reply->kind == RedisReply::Kind::error && reply->text.starts_with("NOTA"))
    return trouble_with(key, "wrong-type", reply->text, "rules that need it follow their on_outage");
  if (!reply || reply->kind == RedisReply::Kind::error) {
    const Error error = reply ? to_error(*reply) : reply.error();
    if (candidates.size() > usual_call && stats_.up) took_too_long(key, candidates.size(), error);
    else outage_.went_down(error);
    return Found::outage();
  }
  const auto& answer = reply->elements;
  if (is_gone(key, answer.empty() ? std::string_view() : std::string_view(answer.front().text)))
    return trouble_with(
        key, "vanished", "the key existed and is gone: it was evicted or deleted",
        "rules that need it follow their on_outage; if it is meant to be empty: mailweirctl empty-list");
  outage_.went_up();
  Found found;
  if (answer.size() > 1) found = Found(std::string_view(answer[1].text));
  return found;
}

Result<RedisReply> Server::ask(const std::string& key, TableKind kind, const std::vector<std::string>& candidates) {
  const std::string mark = mark_of(key);
  std::vector<std::string_view> words{"EVAL", script, "1", key, kind == TableKind::map ? "map" : "list", mark};
  words.insert(words.end(), candidates.begin(), candidates.end());
  return command(words, Deadline::in(config_.deadline));
}

Result<RedisReply> Server::command(const std::vector<std::string_view>& words, Deadline deadline) {
  auto connection = pool_.borrow(deadline);
  if (!connection) return connection.error();
  auto reply = (*connection)->command(words, deadline);
  if (reply) connection->keep();
  return reply;
}

// Whether a key that is not there was: what the server says of it, or what this process has seen.
bool Server::is_gone(const std::string& key, std::string_view state) {
  return seen_.with([&](auto& seen) {
    if (state == "there") seen.insert(key);
    else if (state == "empty") seen.erase(key);
    return state == "gone" || (state == "none" && seen.contains(key));
  });
}

Result<bool> Server::make_empty(const std::string& key) {
  const std::string mark = mark_of(key);
  const auto reply = command({"EVAL", empty_script, "1", key, mark}, Deadline::in(std::chrono::seconds(5)));
  if (!reply) return reply.error();
  if (reply->kind == RedisReply::Kind::error) return Error{pool_.name() + ": " + to_error(*reply).what};
  return reply->integer > 0;
}

Result<std::string> Server::evicts(Deadline deadline) {
  const auto reply = command({"INFO", "memory"}, deadline);
  if (!reply) return reply.error();
  return eviction_policy(*reply, pool_.name());
}

// The server is well, but this key is no list or no map, or it is gone.
Found Server::trouble_with(const std::string& key, std::string_view state, const std::string& error,
                           std::string_view what) {
  outage_.went_up();
  ++stats_.errors;
  if (shall_tell(state, key)) {
    Event("list-store")
        .with("state", state)
        .with("store", pool_.name())
        .with("key", key)
        .with("error", error)
        .with("what", what)
        .to(log_, Severity::error);
  }
  return Found::outage();
}

// A line a minute for each key and what is wrong with it.
bool Server::shall_tell(std::string_view state, const std::string& key) {
  const std::lock_guard lock(told_);
  SteadyTime& next = next_told_[std::string(state) + ' ' + key];
  const SteadyTime now = clock_.steady();
  if (now < next) return false;
  next = now + std::chrono::minutes(1);
  return true;
}

// One message asked for much at once.
void Server::took_too_long(const std::string& key, std::size_t keys, const Error& error) {
  ++stats_.errors;
  if (shall_tell("slow", key)) {
    Event("list-store")
        .with("state", "slow")
        .with("store", pool_.name())
        .with("key", key)
        .with("keys", static_cast<std::int64_t>(keys))
        .with("error", error.what)
        .with("what", "for one message the rules that need it follow their on_outage")
        .to(log_, Severity::warning);
  }
}

}  // namespace

Result<std::shared_ptr<RedisTables>> make_redis_tables(const RedisTablesConfig& config, const Clock& clock, Log& log) {
  auto url = RedisUrl::parse(config.url);
  constexpr std::string_view forms =
      "; write redis://host:port/db or redis+unix:/path?db=N";  // fewer than counters have
  if (!url) return Error{url.error().what.substr(0, url.error().what.find("; write ")) + std::string(forms)};
  if (url->kind != RedisUrl::Kind::single)
    return Error{"lists are asked of one server, in [redis] url" + std::string(forms)};
  if (!config.password_file.empty()) {
    url->user = config.user;
    if (auto password = first_line(config.password_file)) url->password = *std::move(password);
  }
  return std::shared_ptr<RedisTables>(std::make_shared<Server>(config, std::move(*url), clock, log));
}

}  // namespace mailweir
