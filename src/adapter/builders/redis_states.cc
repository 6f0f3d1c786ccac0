// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/builders/redis_states.h"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/text.h"

namespace mailweir {
namespace {

using std::chrono::seconds;

constexpr seconds patience{2};            // where no deadline is given
constexpr std::string_view lease = "30";  // seconds for which what is due is one node's
constexpr std::string_view most_in_a_second = "16";
// A key that was never looked for is due before all others.
constexpr std::int64_t first = 10'000'000'000;

// A row is three lines:
//   STATE SINCE SUCCESSOR KEY      who changes it names this line as it was; "-": no successor; KEY in base64
//   NEXT LOOKS OVERLAP
//   NOTE
constexpr std::string_view add_script = R"(local old = redis.call('HGET', KEYS[1], ARGV[1])
if old and string.match(old, '^%S+ %S+ %S+ (%S+)\n') == ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1)";
constexpr std::string_view change_script = R"(local old = redis.call('HGET', KEYS[1], ARGV[1])
if not old or string.match(old, '^[^\n]*') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1)";
constexpr std::string_view read_script = "return redis.call('HGETALL', KEYS[1])";
// KEYS: pending, retiring, looks. ARGV: now, most, lease, most in a second -> members and their times, pending ones
// first, then a blank text, then retiring ones. A few retiring keys are always taken.
constexpr std::string_view take_script = R"(local taken = tonumber(redis.call('GET', KEYS[3]) or '0')
local left = math.min(tonumber(ARGV[2]), tonumber(ARGV[4]) - taken)
if left <= 0 then return {} end
local function take(key, most)
  if most <= 0 then return {} end
  local members = redis.call('ZRANGEBYSCORE', key, '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, most)
  for i = 1, #members, 2 do redis.call('ZADD', key, ARGV[1] + ARGV[3], members[i]) end
  return members
end
local retiring = take(KEYS[2], math.ceil(left / 4))
local all = take(KEYS[1], left - #retiring / 2)
local count = (#all + #retiring) / 2
if count > 0 then
  redis.call('INCRBY', KEYS[3], count)
  if taken == 0 then redis.call('PEXPIRE', KEYS[3], 1000) end
end
all[#all + 1] = ''
for i = 1, #retiring do all[#all + 1] = retiring[i] end
return all)";

std::int64_t number_of(WallTime time) { return std::chrono::floor<seconds>(time.time_since_epoch()).count(); }
std::string text_of(std::int64_t number) { return std::to_string(number); }
std::string text_of(WallTime time) { return text_of(number_of(time)); }

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}
// A year that a WallTime can have.
std::optional<WallTime> time_in(std::string_view text) {
  const auto number = number_in(text);
  if (!number || *number < -9'000'000'000 || *number > 9'000'000'000) return {};
  return WallTime(seconds(*number));
}

std::string first_line(const KeyStateRow& row) {
  return std::string(to_string(row.state)) + ' ' + text_of(row.since) + ' ' +
         (row.successor.empty() ? "-" : row.successor) + ' ' + to_base64(row.key);
}

std::string text_of(const KeyStateRow& row) {
  return first_line(row) + '\n' + text_of(row.next) + ' ' + std::to_string(row.looks) + ' ' +
         text_of(row.overlap.count()) + '\n' + row.note;
}

// Nothing: it is not a row.
std::optional<KeyStateRow> row_in(const std::string& domain, const std::string& selector, std::string_view text) {
  const auto line = [&text] {
    const auto end = std::min(text.find('\n'), text.size());
    const auto one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return words(one);
  };
  const auto one = line(), two = line();
  if (one.size() != 4 || two.size() != 3) return {};
  KeyStateRow row{domain, selector, {}};
  const auto state = std::ranges::find(all_key_states, one[0], [](KeyState each) { return to_string(each); });
  const auto since = time_in(one[1]), next = time_in(two[0]);
  const auto looks = to_number(two[1]);
  const auto overlap = number_in(two[2]);
  auto key = from_base64(one[3]);
  if (state == std::end(all_key_states) || !since || !next || !looks || !overlap || !key) return {};
  row.state = *state;
  row.since = *since;
  row.next = *next;
  row.looks = static_cast<unsigned>(*looks);
  row.overlap = seconds(*overlap);
  row.successor = one[2] == "-" ? "" : std::string(one[2]);
  row.key = *std::move(key);
  row.note = text;
  return row;
}

std::string member_of(const KeyStateRow& row) { return row.selector + ' ' + row.domain; }
std::string time_of(const KeyStateRow& row) {
  return text_of(number_of(row.next) - (row.state == KeyState::pending && row.looks == 0 ? first : 0));
}

class RedisStates final : public KeyStates {
 public:
  explicit RedisStates(std::shared_ptr<KeyRedis> redis) : redis_(std::move(redis)) {}

  Result<DomainStates> of(const std::string& domain, Deadline deadline) override {
    DomainStates found;
    const auto begun = begun_at(deadline);
    if (!begun) return begun.error();
    found.begun = *begun;
    auto reply = redis_->read(read_script, {redis_->states_of(domain)}, deadline);
    if (!reply) return reply.error();
    for (std::size_t i = 0; i + 1 < reply->elements.size(); i += 2)
      if (auto row = row_in(domain, reply->elements[i].text, reply->elements[i + 1].text))
        found.rows.push_back(*std::move(row));
    std::ranges::sort(found.rows, {}, &KeyStateRow::selector);
    return found;
  }

  Result<std::vector<KeyStateRow>> due(WallTime now, std::size_t most) override {
    const Deadline deadline = Deadline::in(patience);
    const std::vector<std::string> keys{set_of(KeyState::pending), set_of(KeyState::retiring), redis_->of_all("looks")};
    const auto taken =
        redis_->eval(take_script, keys,
                     {text_of(now), std::to_string(most), std::string(lease), std::string(most_in_a_second)}, deadline);
    if (!taken) return taken.error();
    std::vector<KeyStateRow> rows;
    KeyState state = KeyState::pending;
    const auto& all = taken->elements;
    for (std::size_t i = 0; i < all.size();) {
      if (all[i].text.empty()) {
        state = KeyState::retiring;
        ++i;
        continue;
      }
      if (i + 1 == all.size()) break;
      auto row = taken_row(state, all[i].text, all[i + 1].text, now, deadline);
      if (!row) return row.error();
      if (*row) rows.push_back(**std::move(row));
      i += 2;
    }
    return rows;
  }

  // A row first stands in its set: if this process ends in between, it is found there.
  Result<void> add(const std::vector<KeyStateRow>& rows, WallTime now) override {
    if (auto begun = begin(now); !begun) return begun;
    for (const auto& row : rows) {
      const Deadline deadline = Deadline::in(patience);
      if (auto placed = place(row, "NX", deadline); !placed) return placed;
      const auto added = redis_->eval(add_script, {redis_->states_of(row.domain)},
                                      {row.selector, text_of(row), to_base64(row.key)}, deadline);
      if (!added) return added.error();
      if (added->integer == 0) continue;
      // One that was replaced may stand elsewhere, or for later.
      if (auto left = leave(row, row.state, deadline); !left) return left;
      if (auto placed = place(row, "CH", deadline); !placed) return placed;
    }
    return {};
  }

  Result<bool> change(const KeyStateRow& from, const KeyStateRow& to) override {
    const Deadline deadline = Deadline::in(patience);
    if (auto placed = place(to, "NX", deadline); !placed) return placed.error();
    const auto changed = redis_->eval(change_script, {redis_->states_of(to.domain)},
                                      {to.selector, first_line(from), text_of(to)}, deadline);
    if (!changed) return changed.error();
    if (changed->integer == 0) return false;
    if (auto left = leave(to, to.state, deadline); !left) return left.error();
    if (auto placed = place(to, "CH", deadline); !placed) return placed.error();
    return true;
  }

  Result<void> remove(const std::string& domain, const std::string& selector) override {
    const Deadline deadline = Deadline::in(patience);
    const auto removed = redis_->command({"HDEL", redis_->states_of(domain), selector}, deadline);
    if (!removed) return removed.error();
    return leave({domain, selector, {}}, KeyState::active, deadline);
  }

  Result<void> begin(WallTime now) override {
    const Deadline deadline = Deadline::in(patience);
    const auto known = begun_at(deadline);
    if (!known) return known.error();
    if (*known != WallTime::max()) return {};
    const auto set = redis_->command({"SET", redis_->of_all("begun"), text_of(now), "NX"}, deadline);
    return set ? Result<void>() : set.error();
  }

  Result<std::size_t> pending() override {
    const auto count = redis_->command({"ZCARD", set_of(KeyState::pending)}, Deadline::in(patience));
    if (!count) return count.error();
    return static_cast<std::size_t>(std::max<std::int64_t>(count->integer, 0));
  }

 private:
  std::string set_of(KeyState state) const { return redis_->of_all(to_string(state)); }

  // Since when states are kept; max(): they are not yet. It does not change any more.
  Result<WallTime> begun_at(Deadline deadline) {
    {
      const std::lock_guard lock(mutex_);
      if (begun_ != WallTime::max()) return begun_;
    }
    const auto reply = redis_->read("return redis.call('GET', KEYS[1])", {redis_->of_all("begun")}, deadline);
    if (!reply) return reply.error();
    const auto time = reply->kind == RedisReply::Kind::text ? time_in(reply->text) : std::nullopt;
    const std::lock_guard lock(mutex_);
    if (time) begun_ = *time;
    return begun_;
  }

  // `how`: ZADD's NX, where the row may stand there already; CH, which says nothing new, where it shall be moved.
  Result<void> place(const KeyStateRow& row, std::string_view how, Deadline deadline) {
    if (row.state == KeyState::active) return {};
    const auto placed = redis_->command({"ZADD", set_of(row.state), how, time_of(row), member_of(row)}, deadline);
    return placed ? Result<void>() : placed.error();
  }

  // The sets of all states but this.
  Result<void> leave(const KeyStateRow& row, KeyState but, Deadline deadline) {
    for (const KeyState state : {KeyState::pending, KeyState::retiring}) {
      if (state == but) continue;
      const auto left = redis_->command({"ZREM", set_of(state), member_of(row)}, deadline);
      if (!left) return left.error();
    }
    return {};
  }

  // What a member of the set stands for: nothing, if it is no more, or not due.
  Result<std::optional<KeyStateRow>> taken_row(KeyState state, const std::string& member, std::string_view time,
                                               WallTime now, Deadline deadline) {
    const auto parts = words(member);
    std::optional<KeyStateRow> row;
    if (parts.size() == 2) {
      const std::string selector(parts[0]), domain(parts[1]);
      const auto reply = redis_->command({"HGET", redis_->states_of(domain), selector}, deadline);
      if (!reply) return reply.error();
      row = row_in(domain, selector, reply->text);
    }
    if (row && row->state == state) {
      if (row->next <= now) return row;
      const auto moved = place(*row, "CH", deadline);
      return moved ? Result<std::optional<KeyStateRow>>(std::nullopt) : moved.error();
    }
    // It was not looked for yet: who puts it there may be about to write its row.
    if (time.starts_with('-')) return std::optional<KeyStateRow>();
    const auto left = redis_->command({"ZREM", set_of(state), member}, deadline);
    if (!left) return left.error();
    return std::optional<KeyStateRow>();
  }

  const std::shared_ptr<KeyRedis> redis_;
  std::mutex mutex_;  // guards what follows
  WallTime begun_ = WallTime::max();
};

}  // namespace

KeyStatesPtr make_redis_states(std::shared_ptr<KeyRedis> redis) {
  return std::make_shared<RedisStates>(std::move(redis));
}

}  // namespace mailweir
