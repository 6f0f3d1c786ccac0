// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/redis_counters.h"

#include <algorithm>
#include <vector>

#include "adapter/counters/counter_rows.h"
#include "adapter/counters/redis_blocks.h"
#include "adapter/counters/redis_hand_back.h"
#include "adapter/redis/make_redis_route.h"
#include "adapter/redis/redis_cluster.h"
#include "adapter/redis/redis_eviction.h"
#include "adapter/redis/redis_groups.h"
#include "adapter/redis/redis_key.h"
#include "adapter/redis/redis_scan.h"
#include "base/text.h"
#include "port/redis_url.h"
#include "port/ring.h"
#include "port/window_state.h"

namespace mailweir {
namespace {

constexpr std::size_t leases_in_a_call = 200;        // so that the server is not held up by thousands at once
constexpr std::chrono::milliseconds undo_time{100};  // for each slot of a charge that must be undone

class RedisCountersStore final : public RedisCounters {
 public:
  RedisCountersStore(const RedisCountersConfig& config, const RedisUrl& url)
      : config_(config), name_(url.to_string()),
        route_(make_redis_route(url, std::max<std::size_t>(config.connections, 1))), blocks_(*route_, config.prefix),
        back_(*route_, config.prefix) {}

  Result<Charged> charge(std::span<const Charge> charges, Deadline deadline) override {
    if (auto checked = check_charges(charges); !checked) return checked.error();
    ++stats_.charges;
    auto charged =
        splits(charges) ? charge_split(charges, deadline) : ask("charge", charges, slot_of(charges), deadline);
    if (!charged) ++stats_.errors;
    else if (!charged->taken) ++stats_.refused;
    return charged;
  }

  Result<void> give_back(std::span<const Charge> charges, const Receipt& receipt, Deadline deadline) override {
    if (auto checked = check_receipt(charges, receipt); !checked) return checked;
    if (!splits(charges)) return give_back_one(charges, receipt.slots, slot_of(charges), deadline);
    Result<void> result;
    for (const Group& group : groups_of(charges)) {
      std::vector<std::int64_t> slots;
      for (const std::size_t place : group.places) {
        const auto [first, last] = windows_of(charges, place);
        slots.insert(slots.end(), receipt.slots.begin() + first, receipt.slots.begin() + last);
      }
      if (auto given = give_back_one(group.charges, slots, group.slot, deadline); !given) result = given;
    }
    return result;
  }

  Result<void> renew(std::span<const Charge> leases, Deadline deadline) override {
    if (auto checked = check_leases(leases); !checked) return checked;
    if (!splits(leases)) return renew_group(leases, slot_of(leases), deadline);
    for (const Group& group : groups_of(leases)) {
      if (auto renewed = renew_group(group.charges, group.slot, deadline); !renewed) return renewed;
    }
    return {};
  }

  Result<std::vector<CounterRow>> list(const CounterQuery& query, Deadline deadline) override {
    CounterRows rows(query);
    const auto masters = route_->masters(deadline);
    if (!masters) return masters.error();
    for (const auto& node : *masters) {
      if (auto listed = list_node(*node, query, rows, deadline); !listed) return listed.error();
    }
    return rows.take();
  }

  Result<std::size_t> reset(std::string_view limit, std::string_view key, Deadline deadline) override {
    return blocks_.reset(limit, key, deadline);
  }
  Result<bool> block(const Block& block, bool replace, Deadline deadline) override {
    if (auto checked = check_block(block); !checked) return checked.error();
    return blocks_.block(block, replace, now(), deadline);
  }
  Result<bool> unblock(std::string_view limit, std::string_view key, Deadline deadline) override {
    return blocks_.unblock(limit, key, now(), deadline);
  }
  Result<std::vector<Block>> blocks(std::size_t most, Deadline deadline) override {
    return blocks_.list(most, now(), deadline);
  }

  Result<void> probe(Deadline deadline) override { return noted(back_.probe(now(), deadline)); }
  Result<void> merge(std::string_view id, const CountedElsewhere& counted, Deadline deadline) override {
    return noted(back_.merge(id, counted, now(), deadline));
  }
  Result<Nodes> sign_in(std::string_view node, bool adding, std::chrono::milliseconds age, Deadline deadline) override {
    return back_.sign_in(node, adding, age, now(), deadline);
  }

  Result<std::string> evicts(Deadline deadline) const override { return eviction_policy(*route_, name_, deadline); }
  Result<bool> has_lost_all(Deadline deadline) override { return back_.has_lost_all(now(), deadline); }
  const std::string& server() const override { return name_; }
  std::string where() const override { return route_->where(); }
  std::uint64_t connects() const override { return route_->connects(); }
  const RedisCounterStats& stats() const override { return stats_; }

 private:
  std::int64_t now() const {
    using std::chrono::milliseconds;
    if (config_.test_clock == nullptr) return 0;
    return std::chrono::floor<milliseconds>(config_.test_clock->wall().time_since_epoch()).count();
  }

  static std::string suffix_of(const Charge& charge, const Window& window) {
    if (charge.kind == CountKind::block) return std::string(redis_key::block_suffix);
    return std::to_string(window.period.count()) + (charge.kind == CountKind::distinct ? "d" : "");
  }
  std::string name_of(std::string_view limit, std::string_view key) const {
    return redis_key::name_of(config_.prefix, limit, key);
  }

  Result<void> noted(Result<void> result) {
    if (!result) ++stats_.errors;
    return result;
  }

  // --- slots of a cluster --------------------------------------------------------------------------------------------

  bool splits(std::span<const Charge> charges) const {
    if (!route_->splits()) return false;
    for (const Charge& charge : charges) {
      if (slot_of(charge) != slot_of(charges.front())) return true;
    }
    return false;
  }
  unsigned slot_of(const Charge& charge) const { return redis_slot(name_of(charge.limit, charge.key)); }
  unsigned slot_of(std::span<const Charge> charges) const {
    return charges.empty() || !route_->splits() ? 0 : slot_of(charges.front());
  }

  std::vector<Group> groups_of(std::span<const Charge> charges) const {
    std::vector<Group> groups;
    for (std::size_t i = 0; i < charges.size(); ++i) {
      const unsigned slot = slot_of(charges[i]);
      auto group = std::find_if(groups.begin(), groups.end(), [slot](const Group& one) { return one.slot == slot; });
      if (group == groups.end()) group = groups.insert(groups.end(), Group{slot, {}, {}});
      group->places.push_back(i);
      group->charges.push_back(charges[i]);
    }
    return groups;
  }

  // A call for each slot. After a refusal the other slots are only looked at, and what was counted is undone, but what
  // counts attempts; after an error all is undone.
  Result<Charged> charge_split(std::span<const Charge> charges, Deadline deadline) {
    std::vector<Group> groups = groups_of(charges);
    std::vector<Charged> parts;
    bool taken = true;
    for (const Group& group : groups) {
      auto part = ask(taken ? "charge" : "look", group.charges, group.slot, deadline);
      if (!part) {
        for (std::size_t i = 0; i < parts.size(); ++i) undo(groups[i], parts[i], false);
        return part.error();
      }
      if (taken && !part->taken) {
        for (std::size_t i = 0; i < parts.size(); ++i) undo(groups[i], parts[i], true);
        taken = false;
      }
      parts.push_back(*std::move(part));
    }
    return join_groups(charges, groups, parts, taken);
  }

  // Gives back what a group's part counted; its levels and its receipt are then those of a refusal. It has time of its
  // own: the caller's may be over.
  void undo(const Group& group, Charged& part, bool but_attempts) {
    Charged undone = part;
    std::size_t at = 0;
    bool any = false;
    for (std::size_t i = 0; i < group.charges.size(); ++i) {
      const Charge& charge = group.charges[i];
      const bool stays = but_attempts && charge.attempts;
      for (std::size_t window = 0; window < charge.windows.size(); ++window, ++at) {
        if (part.receipt.slots[at] == not_counted) continue;
        (stays ? undone : part).receipt.slots[at] = not_counted;
        if (stays) continue;
        any = true;
        const bool added = !has_values(charge.kind) || has_added(charge, undone.receipt.slots[at]);
        if (added) part.totals[at] -= std::min(part.totals[at], units_of(charge));
        if (window == part.levels[i].window) part.levels[i].count = part.totals[at];
      }
    }
    part.taken = false;
    if (!any) return;
    ++stats_.undone;
    const auto given = give_back_one(group.charges, undone.receipt.slots, group.slot, Deadline::in(undo_time));
    if (!given) ++stats_.errors;
  }

  // --- one call ------------------------------------------------------------------------------------------------------

  Result<Charged> ask(std::string_view operation, std::span<const Charge> charges, unsigned slot, Deadline deadline) {
    RedisCall call(operation, now());
    for (const Charge& charge : charges) {
      call.add(charge.kind);
      call.add(static_cast<std::int64_t>(units_of(charge)));
      call.add(charge.enforce);
      call.add(charge.attempts);
      call.add(charge.member);
      call.add(static_cast<std::int64_t>(charge.windows.size()));
      const std::string name = name_of(charge.limit, charge.key);
      if (charge.kind == CountKind::first_seen) call.add_key(name + std::string(redis_key::seen_suffix));
      for (const Window& window : charge.windows) {
        call.add_key(name + suffix_of(charge, window));
        call.add(static_cast<std::int64_t>(std::min(window.max, ring::most_count)));
        call.add(static_cast<std::int64_t>(window.period.count() * 1000));
      }
    }
    if (!call.has_keys()) return read_answer(charges, {operation == "charge"});
    auto reply = route_->run(call, slot, deadline);
    if (!reply) return reply.error();
    std::vector<std::int64_t> numbers;
    numbers.reserve(reply->elements.size());
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
      const bool counted = units_of(charge) > 0 && (charged.taken || charge.attempts);
      for (std::size_t i = 0; i < charge.windows.size(); ++i, at += 3) {
        states.push_back({static_cast<std::uint64_t>(numbers[at]), numbers[at + 1]});
        charged.receipt.slots.push_back(numbers[at + 2]);
        note_added(charge, charge.windows[i], numbers[at + 2], states.back());
        charged.totals.push_back(total_of(charge, states.back(), counted));
      }
      charged.levels.push_back(level_of(charge, states, counted));
    }
    return charged;
  }

  Error nonsense() const { return Error{name_ + ": unexpected answer to our script; is it a Redis server?", true}; }

  Result<void> give_back_one(std::span<const Charge> charges, std::span<const std::int64_t> slots, unsigned slot,
                             Deadline deadline) {
    RedisCall call("give_back", now());
    std::size_t at = 0;
    for (const Charge& charge : charges) {
      call.add(charge.kind);
      call.add(static_cast<std::int64_t>(units_of(charge)));
      call.add(charge.member);
      call.add(static_cast<std::int64_t>(charge.windows.size()));
      const std::string name = name_of(charge.limit, charge.key);
      if (charge.kind == CountKind::first_seen) call.add_key(name + std::string(redis_key::seen_suffix));
      for (const Window& window : charge.windows) {
        call.add_key(name + suffix_of(charge, window));
        call.add(slots[at++]);
      }
    }
    return run_for_nothing(call, slot, deadline);
  }

  Result<void> renew_group(std::span<const Charge> leases, unsigned slot, Deadline deadline) {
    while (!leases.empty()) {
      RedisCall call("renew", now());
      const auto batch = leases.first(std::min(leases.size(), leases_in_a_call));
      leases = leases.subspan(batch.size());
      for (const Charge& lease : batch) {
        if (lease.windows.empty()) continue;
        call.add_key(name_of(lease.limit, lease.key) + "0");
        call.add(lease.member);
      }
      if (auto renewed = run_for_nothing(call, slot, deadline); !renewed) return renewed;
    }
    return {};
  }

  Result<void> run_for_nothing(const RedisCall& call, unsigned slot, Deadline deadline) {
    if (!call.has_keys()) return {};
    const auto reply = route_->run(call, slot, deadline);
    if (reply) return {};
    ++stats_.errors;
    return reply.error();
  }

  // --- lists ---------------------------------------------------------------------------------------------------------

  Result<void> list_node(RedisNode& node, const CounterQuery& query, CounterRows& rows, Deadline deadline) {
    const UsePage append = [&](const std::vector<std::string>& keys) -> Result<bool> {
      std::vector<Charge> questions;
      for (const std::string& key : keys) {
        auto question = redis_key::question_of(config_.prefix, key);
        if (!question || (!query.limit.empty() && question->limit != query.limit)) continue;
        if (query.key.empty() || question->key == query.key) questions.push_back(*std::move(question));
      }
      if (auto asked = append_counts(questions, rows, deadline); !asked) return asked.error();
      return !rows.full();
    };
    return scan_keys(node, redis_key::pattern_of(config_.prefix, query), deadline, append);
  }

  Result<void> append_counts(const std::vector<Charge>& questions, CounterRows& rows, Deadline deadline) {
    if (questions.empty()) return {};
    auto answers =
        splits(questions) ? charge_split(questions, deadline) : ask("charge", questions, slot_of(questions), deadline);
    if (!answers) return answers.error();
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const Charge& question = questions[i];
      const std::uint64_t count = answers->levels[i].count;
      if (rows.wants(count)) rows.add({question.limit, question.key, question.windows[0].period, count});
    }
    return {};
  }

  const RedisCountersConfig config_;
  const std::string name_;
  const std::unique_ptr<RedisRoute> route_;
  RedisBlocks blocks_;
  RedisHandBack back_;
  RedisCounterStats stats_;
};

}  // namespace

Result<std::unique_ptr<RedisCounters>> make_redis_counters(const RedisCountersConfig& config) {
  auto url = RedisUrl::parse(config.url);
  if (!url) return url.error();
  if (!config.password.empty()) {
    url->user = config.user;
    url->password = config.password;
  }
  return std::unique_ptr<RedisCounters>(std::make_unique<RedisCountersStore>(config, *url));
}

}  // namespace mailweir
