// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis_counters.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "adapter/redis_pool.h"
#include "adapter/redis_script.h"
#include "base/guarded.h"
#include "base/text.h"
#include "port/ring.h"
#include "port/window_state.h"

namespace mailweir {
namespace {

constexpr std::size_t leases_in_a_call = 200;  // so that the server is not held up by thousands at once
constexpr std::string_view keys_in_a_scan = "500";

// The words of one script call.
class Call {
 public:
  Call(std::string_view operation, const Clock* test_clock) {
    add(operation);
    using std::chrono::milliseconds;
    add(test_clock == nullptr ? 0 : std::chrono::floor<milliseconds>(test_clock->wall().time_since_epoch()).count());
  }
  void add_key(std::string key) { keys_.push_back(std::move(key)); }
  void add(std::string_view word) { words_.emplace_back(word); }
  void add(std::int64_t number) { words_.push_back(std::to_string(number)); }
  void add(CountKind kind) { add(kind == CountKind::ring ? "r" : "l"); }
  void add(bool flag) { add(flag ? "1" : "0"); }
  void add(const char* word) { add(std::string_view(word)); }
  bool has_keys() const { return !keys_.empty(); }

  Result<RedisReply> run(RedisConnection& connection, std::string_view command, std::string_view script,
                         Deadline deadline) const {
    const std::string count = std::to_string(keys_.size());
    std::vector<std::string_view> all{command, script, count};
    all.insert(all.end(), keys_.begin(), keys_.end());
    all.insert(all.end(), words_.begin(), words_.end());
    return connection.command(all, deadline);
  }

 private:
  std::vector<std::string> keys_, words_;
};

bool is_error(const RedisReply& reply) { return reply.kind == RedisReply::Kind::error; }

// Limits are named by the admin: what our keys are cut at is written %XX. Keys stay as they are, for redis-cli.
std::string escaped_limit(std::string_view limit) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : limit) {
    const auto byte = static_cast<unsigned char>(c);
    if (c != '%' && c != '|' && c != '{' && c != '}' && byte >= ' ') text += c;
    else ((text += '%') += digits[byte >> 4]) += digits[byte & 15];
  }
  return text;
}

std::string unescaped_limit(std::string_view text) {
  std::string limit;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size()) {
      limit += text[i];
      continue;
    }
    const auto value = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
    limit += static_cast<char>(value(text[i + 1]) << 4 | value(text[i + 2]));
    i += 2;
  }
  return limit;
}

// What redis' glob patterns (SCAN MATCH) would take for their own.
std::string glob_escaped(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\' || c == '^') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

class RedisCountersStore final : public RedisCounters {
 public:
  RedisCountersStore(const RedisCountersConfig& config, RedisUrl url)
      : config_(config), pool_(std::move(url), std::max<std::size_t>(config.connections, 1)) {}

  Result<Charged> charge(std::span<const Charge> charges, Deadline deadline) override {
    if (auto checked = check_charges(charges); !checked) return checked.error();
    ++stats_.charges;
    auto charged = ask(charges, deadline);
    if (!charged) ++stats_.errors;
    else if (!charged->taken) ++stats_.refused;
    return charged;
  }

  Result<void> give_back(std::span<const Charge> charges, const Receipt& receipt, Deadline deadline) override {
    if (auto checked = check_receipt(charges, receipt); !checked) return checked;
    Call call("give_back", config_.test_clock);
    std::size_t at = 0;
    for (const Charge& charge : charges) {
      call.add(charge.kind);
      call.add(static_cast<std::int64_t>(units_of(charge)));
      call.add(charge.member);
      call.add(static_cast<std::int64_t>(charge.windows.size()));
      for (const Window& window : charge.windows) {
        call.add_key(key_of(charge, window));
        call.add(receipt.slots[at++]);
      }
    }
    return run_for_nothing(call, deadline);
  }

  Result<void> renew(std::span<const Charge> leases, Deadline deadline) override {
    if (auto checked = check_leases(leases); !checked) return checked;
    while (!leases.empty()) {
      Call call("renew", config_.test_clock);
      const auto batch = leases.first(std::min(leases.size(), leases_in_a_call));
      leases = leases.subspan(batch.size());
      for (const Charge& lease : batch) {
        if (lease.windows.empty()) continue;
        call.add_key(key_of(lease, lease.windows[0]));
        call.add(lease.member);
      }
      if (auto renewed = run_for_nothing(call, deadline); !renewed) return renewed;
    }
    return {};
  }

  Result<std::vector<CounterRow>> list(const CounterQuery& query, Deadline deadline) override {
    std::vector<CounterRow> rows;
    std::unordered_set<std::string> seen;  // SCAN may name a key twice
    std::string cursor = "0";
    const std::string pattern = pattern_of(query);
    do {
      auto page = scan(cursor, pattern, deadline);
      if (!page) return page.error();
      std::vector<Charge> questions;
      for (const RedisReply& key : page->elements) {
        if (!seen.insert(key.text).second) continue;
        auto question = question_of(key.text);
        if (!question || (!query.limit.empty() && question->limit != query.limit)) continue;
        if (query.key.empty() || question->key == query.key) questions.push_back(*std::move(question));
      }
      if (auto asked = append_counts(questions, query.most, rows, deadline); !asked) return asked.error();
    } while (cursor != "0" && rows.size() < query.most);
    std::sort(rows.begin(), rows.end(), [](const CounterRow& a, const CounterRow& b) {
      return std::tie(a.limit, a.key, a.period) < std::tie(b.limit, b.key, b.period);
    });
    return rows;
  }

  const std::string& server() const override { return pool_.name(); }
  std::uint64_t connects() const override { return pool_.connects(); }
  const RedisCounterStats& stats() const override { return stats_; }

 private:
  Error named(const Error& error) const { return Error{pool_.name() + ": " + error.what, true}; }

  std::string key_of(const Charge& charge, const Window& window) const {
    return config_.prefix + '{' + escaped_limit(charge.limit) + '|' + charge.key + "}:" +
           std::to_string(window.period.count());
  }

  // The charge that asks what a key of ours counts; nothing when it is none of ours.
  std::optional<Charge> question_of(std::string_view key) const {
    key.remove_prefix(std::min(key.size(), config_.prefix.size() + 1));
    const auto bar = key.find('|'), end = key.rfind("}:");
    if (bar == key.npos || end == key.npos || end < bar) return std::nullopt;
    const auto period = to_number(key.substr(end + 2));
    if (!period || *period > static_cast<std::uint64_t>(longest_period.count())) return std::nullopt;
    Charge question;
    question.kind = *period == 0 ? CountKind::lease : CountKind::ring;
    question.limit = unescaped_limit(key.substr(0, bar));
    question.key = key.substr(bar + 1, end - bar - 1);
    question.windows = {{ring::most_count, std::chrono::seconds(*period)}};
    question.amount = 0;
    question.member = "?";
    return question;
  }

  std::string pattern_of(const CounterQuery& query) const {
    const std::string limit = query.limit.empty() ? "*" : glob_escaped(escaped_limit(query.limit));
    const std::string key = query.key.empty() ? "*" : glob_escaped(query.key);
    return glob_escaped(config_.prefix) + '{' + limit + '|' + key + "}:*";
  }

  Result<RedisReply> scan(std::string& cursor, std::string_view pattern, Deadline deadline) {
    const std::string_view words[] = {"SCAN", cursor, "MATCH", pattern, "COUNT", keys_in_a_scan};
    auto reply = with_connection(deadline, [&](RedisConnection& connection) { return connection.command(words, deadline); });
    if (!reply) return reply;
    if (reply->elements.size() != 2) return nonsense();
    cursor = reply->elements[0].text;
    return std::move(reply->elements[1]);
  }

  Result<void> append_counts(const std::vector<Charge>& questions, std::size_t most, std::vector<CounterRow>& rows,
                             Deadline deadline) {
    auto answers = ask(questions, deadline);
    if (!answers) return answers.error();
    for (std::size_t i = 0; i < questions.size() && rows.size() < most; ++i) {
      const Charge& question = questions[i];
      if (answers->levels[i].count == 0) continue;
      rows.push_back({question.limit, question.key, question.windows[0].period, answers->levels[i].count});
    }
    return {};
  }

  Result<Charged> ask(std::span<const Charge> charges, Deadline deadline) {
    Call call("charge", config_.test_clock);
    for (const Charge& charge : charges) {
      call.add(charge.kind);
      call.add(static_cast<std::int64_t>(units_of(charge)));
      call.add(charge.enforce);
      call.add(charge.attempts);
      call.add(charge.member);
      call.add(static_cast<std::int64_t>(charge.windows.size()));
      for (const Window& window : charge.windows) {
        call.add_key(key_of(charge, window));
        call.add(static_cast<std::int64_t>(std::min(window.max, ring::most_count)));
        call.add(static_cast<std::int64_t>(window.period.count() * 1000));
      }
    }
    if (!call.has_keys()) return read_answer(charges, {1});
    auto reply = run(call, deadline);
    if (!reply) return reply.error();
    std::vector<std::int64_t> numbers;
    for (const RedisReply& element : reply->elements) numbers.push_back(element.integer);
    return read_answer(charges, numbers);
  }

  // `numbers`: taken, then used, wait and slot of each window.
  Result<Charged> read_answer(std::span<const Charge> charges, const std::vector<std::int64_t>& numbers) const {
    std::size_t windows = 0, at = 1;
    for (const Charge& charge : charges) windows += charge.windows.size();
    if (numbers.size() != 1 + 3 * windows) return nonsense();
    Charged charged;
    charged.taken = numbers[0] == 1;
    std::vector<WindowState> states;
    for (const Charge& charge : charges) {
      states.clear();
      for (std::size_t i = 0; i < charge.windows.size(); ++i, at += 3) {
        states.push_back({static_cast<std::uint64_t>(numbers[at]), numbers[at + 1]});
        charged.receipt.slots.push_back(numbers[at + 2]);
      }
      const bool counted = units_of(charge) > 0 && (charged.taken || charge.attempts);
      charged.levels.push_back(level_of(charge, states, counted));
    }
    return charged;
  }

  Error nonsense() const {
    return Error{pool_.name() + ": answers what our script does not; is it a Redis server?", true};
  }

  Result<void> run_for_nothing(const Call& call, Deadline deadline) {
    if (!call.has_keys()) return {};
    const auto reply = run(call, deadline);
    if (reply) return {};
    ++stats_.errors;
    return reply.error();
  }

  // One round trip, once the server's name for the script (its SHA-1) is known.
  Result<RedisReply> run(const Call& call, Deadline deadline) {
    return with_connection(deadline, [&](RedisConnection& connection) -> Result<RedisReply> {
      std::string name = script_name_.with([](std::string& known) { return known; });
      if (name.empty()) {
        const std::string_view load[] = {"SCRIPT", "LOAD", redis_script};
        auto loaded = connection.command(load, deadline);
        if (!loaded || is_error(*loaded)) return loaded;
        name = loaded->text;
        script_name_.with([&name](std::string& known) { known = name; });
      }
      auto reply = call.run(connection, "EVALSHA", name, deadline);
      // It was restarted, or somebody flushed its scripts: nothing has run yet.
      if (reply && is_error(*reply) && reply->text.starts_with("NOSCRIPT"))
        reply = call.run(connection, "EVAL", redis_script, deadline);
      return reply;
    });
  }

  // A connection that was refused something is not used again: behind a name may be another server by now.
  template <typename Use>
  Result<RedisReply> with_connection(Deadline deadline, Use use) {
    if (deadline.over()) return Error{pool_.name() + ": not asked, no time was left", true};
    auto connection = pool_.borrow(deadline);
    if (!connection) return named(connection.error());
    Result<RedisReply> reply = use(**connection);
    if (!reply) return named(reply.error());
    if (is_error(*reply)) return named(to_error(*reply));
    connection->keep();
    return reply;
  }

  const RedisCountersConfig config_;
  RedisPool pool_;
  Guarded<std::string> script_name_;
  RedisCounterStats stats_;
};

}  // namespace

Result<std::unique_ptr<RedisCounters>> make_redis_counters(const RedisCountersConfig& config) {
  auto url = RedisUrl::parse(config.url);
  if (!url) return url.error();
  return std::unique_ptr<RedisCounters>(std::make_unique<RedisCountersStore>(config, std::move(*url)));
}

}  // namespace mailweir
