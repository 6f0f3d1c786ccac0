// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis_tables.h"

#include <array>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "adapter/redis_eviction.h"
#include "adapter/redis_pool.h"
#include "adapter/table_candidates.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/guarded.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::chrono::seconds pause{1};   // between two tries while the server is down

// KEYS[1]: the set, sorted set or hash. ARGV[1]: set or hash, what it must be; ARGV[2] the key that says that it was there (no
// part of KEYS: a login that may not touch it may still look up); then what to look for, the first one counts.
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
if kind ~= 'zset' then return redis.error_reply('NOTALIST it is a ' .. kind .. ', and a list is a set or a sorted set') end
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

class Server : public RedisTables, public std::enable_shared_from_this<Server> {
 public:
  Server(RedisTablesConfig config, RedisUrl url, const Clock& clock, Log& log)
      : config_(std::move(config)), clock_(clock), log_(log), pool_(std::move(url), config_.connections) {}

  TablePtr table(const std::string& key, TableKind kind) override;
  Result<bool> make_empty(const std::string& key) override;
  Result<std::string> evicts(Deadline deadline) override;
  const RedisTableStats& stats() const override { return stats_; }
  const std::string& server() const override { return pool_.name(); }

  // The value of the first candidate that is there.
  Found find(const std::string& key, TableKind kind, const std::vector<std::string>& candidates);

 private:
  struct Kept {
    Found found;
    SteadyTime until;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Kept> kept;
  };
  bool may_try();
  Found trouble_with(const std::string& key, std::string_view state, const std::string& error, std::string_view what);
  bool is_gone(const std::string& key, std::string_view state);
  Result<RedisReply> command(const std::vector<std::string_view>& words, Deadline deadline);
  void went_up();
  void went_down(const Error& error);
  Result<RedisReply> ask(const std::string& key, TableKind kind, const std::vector<std::string>& candidates);

  const RedisTablesConfig config_;
  const Clock& clock_;
  Log& log_;
  RedisPool pool_;
  RedisTableStats stats_;
  std::array<Shard, 16> shards_;
  Guarded<std::unordered_set<std::string>> seen_;  // keys that were there
  std::mutex state_;             // guards what follows, and the changes of stats_.up
  SteadyTime next_try_{}, down_since_{}, next_told_{};
};

class RedisTable final : public Table {
 public:
  RedisTable(std::shared_ptr<Server> server, std::string key, TableKind kind) : server_(std::move(server)), key_(std::move(key)), kind_(kind) {}
  Found find(const IpAddress& address) const override { return server_->find(key_, kind_, table_candidates(address)); }
  Found find_domain(std::string_view domain) const override { return server_->find(key_, kind_, domain_candidates(domain)); }
  Found find(const Address& address) const override { return server_->find(key_, kind_, table_candidates(address)); }
  Found find_word(std::string_view word) const override { return server_->find(key_, kind_, word_candidates(word)); }
  std::size_t size() const override { return 0; }
  void each(const std::function<void(std::string_view, std::string_view)>&) const override {}

 private:
  std::shared_ptr<Server> server_;
  const std::string key_;
  const TableKind kind_;
};

TablePtr Server::table(const std::string& key, TableKind kind) { return std::make_shared<RedisTable>(shared_from_this(), key, kind); }

Found Server::find(const std::string& key, TableKind kind, const std::vector<std::string>& candidates) {
  if (candidates.empty()) return {};
  // The first candidate is the thing itself: with the list it says all.
  const std::string name = key + '\n' + candidates.front() + '\n' + std::to_string(candidates.size());
  Shard& shard = shards_[std::hash<std::string>{}(name) % shards_.size()];
  const SteadyTime now = clock_.steady();
  {
    const std::lock_guard lock(shard.mutex);
    if (const auto kept = shard.kept.find(name); kept != shard.kept.end() && now < kept->second.until) {
      ++stats_.kept;
      return kept->second.found;
    }
  }
  if (!may_try()) return Found::outage();
  ++stats_.asked;
  const auto reply = ask(key, kind, candidates);
  if (reply && reply->kind == RedisReply::Kind::error && reply->text.starts_with("NOTA")) 
    return trouble_with(key, "wrong-type", reply->text, "rules that need it follow their on_outage");
  if (!reply || reply->kind == RedisReply::Kind::error) {
    went_down(reply ? to_error(*reply) : reply.error());
    return Found::outage();
  }
  const auto& answer = reply->elements;
  if (is_gone(key, answer.empty() ? std::string_view() : std::string_view(answer.front().text)))
    return trouble_with(key, "vanished", "the key was there and is no more: evicted, or deleted",
                        "rules that need it follow their on_outage; mailweirctl empty-list says that it is meant to be empty");
  went_up();
  Found found;
  if (answer.size() > 1) found = Found(std::string_view(answer[1].text));
  const std::lock_guard lock(shard.mutex);
  if (shard.kept.size() >= config_.most_kept / shards_.size()) shard.kept.clear();   // they are half a second old at the most
  shard.kept[name] = {found, now + config_.fresh};
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
  return reply->kind == RedisReply::Kind::error ? std::string() : eviction_policy(reply->text);
}

bool Server::may_try() {
  if (stats_.up) return true;
  const std::lock_guard lock(state_);
  if (stats_.up) return true;
  const SteadyTime now = clock_.steady();
  if (now < next_try_) return false;
  next_try_ = now + pause;
  return true;
}

// The server is well, but this key is no list or no map, or it is gone.
Found Server::trouble_with(const std::string& key, std::string_view state, const std::string& error, std::string_view what) {
  went_up();
  ++stats_.errors;
  const std::lock_guard lock(state_);
  if (const SteadyTime now = clock_.steady(); now >= next_told_) {
    next_told_ = now + std::chrono::minutes(1);
    Event("list-store").with("state", state).with("store", pool_.name()).with("key", key).with("error", error).with("what", what)
        .to(log_, Severity::error);
  }
  return Found::outage();
}

void Server::went_up() {
  if (stats_.up) return;
  const std::lock_guard lock(state_);
  if (stats_.up) return;
  stats_.up = true;
  const auto down = std::chrono::ceil<std::chrono::milliseconds>(clock_.steady() - down_since_);
  Event("list-store").with("state", "up").with("store", pool_.name()).with("down_for", rough_duration(down)).to(log_, Severity::notice);
}

void Server::went_down(const Error& error) {
  ++stats_.errors;
  const std::lock_guard lock(state_);
  next_try_ = clock_.steady() + pause;
  if (!stats_.up) return;
  stats_.up = false;
  ++stats_.outages;
  down_since_ = clock_.steady();
  Event("list-store").with("state", "down").with("store", pool_.name()).with("error", error.what)
      .with("what", "rules that need its lists follow their on_outage").to(log_, Severity::warning);
}

}  // namespace

Result<std::shared_ptr<RedisTables>> make_redis_tables(const RedisTablesConfig& config, const Clock& clock, Log& log) {
  auto url = RedisUrl::parse(config.url);
  constexpr std::string_view forms = "; write redis://host:port/db or redis+unix:/path?db=N";  // fewer than counters have
  if (!url) return Error{url.error().what.substr(0, url.error().what.find("; write ")) + std::string(forms)};
  if (url->kind != RedisUrl::Kind::single) return Error{"lists are asked of one server, in [redis] url" + std::string(forms)};
  if (!config.password_file.empty()) {
    url->user = config.user;
    if (auto password = first_line(config.password_file)) url->password = *std::move(password);
  }
  return std::shared_ptr<RedisTables>(std::make_shared<Server>(config, std::move(*url), clock, log));
}

}  // namespace mailweir
