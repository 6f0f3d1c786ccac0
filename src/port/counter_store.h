// SPDX-License-Identifier: BSD-2-Clause
// CounterStore: the counters behind limits, in memory or shared by many nodes in Redis.
//
// A ring counter keeps "at most N in any such period": a ring of 30 sub-windows with a running total, the oldest
// counted whole. It is never over N, and a unit comes back at most a 30th of the period late. A lease counter counts
// members that are alive: each holds its place until it is given back or, after `lease_time` without renewal, expires.
// A counter is (limit, period, key): a changed maximum keeps the count.
//
// A distinct counter counts the different values that a key was seen with in the period: exactly, by a set of the
// newest max + 1 of them, each with the time it was seen last. A value leaves the period after that time. One that is
// in the set is refreshed, and fits whatever the set has if the charge is enforced (a maximum may have been lowered).
// The charge's amount is 1; 0 asks what a charge would find.
//
// A first-seen counter is a ring counter that costs something only for a member that this key was never charged with
// before: it remembers the newest most_remembered members of a key, each for remembered_for after its last charge.
//
// A block keeps a key of a limit refused until it ends, whatever the counter has. It is asked about in the same call as
// the limits, as a charge of kind `block`, and so stops the whole call like a limit that is over.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace mailweir {

struct Window {
  std::uint64_t max = 0;
  std::chrono::seconds period{0};  // 0 for a lease: now
  bool percent = false;            // max is a share of what another counter has; no store knows of it
  auto operator<=>(const Window&) const = default;
};

enum class CountKind { ring, lease, block, distinct, first_seen };
constexpr bool is_ring(CountKind kind) { return kind == CountKind::ring || kind == CountKind::first_seen; }
constexpr bool has_values(CountKind kind) { return kind == CountKind::distinct || kind == CountKind::first_seen; }

inline constexpr std::uint64_t most_distinct = 1000;  // the largest maximum of a distinct counter
inline constexpr std::size_t most_remembered = 1000;
inline constexpr std::chrono::seconds remembered_for{std::chrono::hours(24) * 90};
inline constexpr std::size_t longest_value = 310;  // bytes of a distinct value or a member that is remembered

inline constexpr std::chrono::seconds lease_time{90};  // a lease that was not renewed for this long is gone
inline constexpr unsigned ring_slots = 30;

struct Charge {
  CountKind kind = CountKind::ring;
  std::string limit, key;
  std::vector<Window>
      windows;  // several at once; a lease or a block has one, with period 0; empty: unlimited, not counted
  std::uint64_t amount = 1;  // 0 asks only; a block counts nothing, its window's max and amount are 0
  std::string member;        // lease: its id, unique over all nodes; distinct: the value; first_seen: who
  bool enforce = true;       // false: counts on when over, refuses nothing
  bool attempts = false;     // counted even when the charge as a whole is refused
  bool stranger = false;     // made for a stranger, not one of ours: has a part only of a store that is bounded
  bool dispensable = false;  // when the store has no room for it the call goes on without it
};

// What one charge found. `count` is what the tightest window had, this amount included if it was taken.
struct Level {
  bool over = false;        // with this amount some window would be (enforce) or is (not enforce) over its max
  bool never_fits = false;  // the amount alone is over a window's max: waiting does not help
  bool no_room = false;     // of a dispensable charge of a call that was taken: it was left out for want of room
  std::size_t window = 0;   // the window that is over, or the fullest one
  std::uint64_t count = 0;
  std::chrono::milliseconds retry_after{0};  // until the amount would fit, without other charges
  // Over only what this node may use of the window while a shared store is away (so much): whether the limit itself is
  // reached is not known.
  std::optional<std::uint64_t> share{};
};

// Where the units went: for each charge and window, in order, the slot's number (a lease: 0; a distinct value: the
// millisecond at which it was added, 0 if it was there already), to give back exactly these; -1 for what was not
// counted. `store` tells stores apart that stand behind one another (0 the first).
struct Receipt {
  std::vector<std::int64_t> slots;
  std::uint8_t store = 0;
};

struct Charged {
  bool taken = false;         // all charges with enforce were within their max, and all were counted
  std::vector<Level> levels;  // one for each charge, in order
  Receipt receipt;
  std::vector<std::uint64_t> totals;  // for each charge and window, in order: what it counts after this call
};

struct CounterQuery {
  std::string limit;  // empty: all
  std::string key;    // empty: all
  std::size_t most = 1000;
  bool highest = false;  // those that count most, the highest first; else any, by limit, key and period
};
struct CounterRow {
  std::string limit, key;
  std::chrono::seconds period{0};
  std::uint64_t count = 0;
};

// A key that a limit refuses until `left` is over; when it is made, how long it is to last.
struct Block {
  std::string limit, key;
  std::string rule, reason;  // whose, and why; for people. At most longest_block_reason bytes are kept of each
  std::chrono::milliseconds left{0};
  bool stranger = false;  // as of a charge
};
inline constexpr std::size_t longest_block_reason = 300;

// The charge that asks whether a key is blocked: over if it is, and retry_after then says for how long still.
inline Charge block_question(std::string limit, std::string key) {
  Charge charge;
  charge.kind = CountKind::block;
  charge.limit = std::move(limit);
  charge.key = std::move(key);
  charge.windows = {Window{}};
  charge.amount = 0;
  return charge;
}

// The name under which a limit's alert of a kind and window is marked as told: a block that is not asked about and that
// blocks() leaves out.
inline constexpr std::string_view alert_mark_sign = "~alert-";
inline std::string alert_mark(std::string_view limit, std::string_view kind, std::chrono::seconds period) {
  return std::string(limit) + std::string(alert_mark_sign) + std::string(kind) + '-' + std::to_string(period.count());
}
inline bool is_alert_mark(std::string_view limit) { return limit.find(alert_mark_sign) != limit.npos; }

// Thread-safe. Time is the store's own.
class CounterStore {
 public:
  virtual ~CounterStore() = default;
  // All or none: if any enforced charge would be over, nothing is counted but those with `attempts`.
  virtual Result<Charged> charge(std::span<const Charge> charges, Deadline deadline) = 0;
  // Takes back what `charge` counted; the charges and the receipt are those of that call. A unit whose slot has moved
  // out of the window is gone already. A lease is released.
  virtual Result<void> give_back(std::span<const Charge> charges, const Receipt& receipt, Deadline deadline) = 0;
  // Keeps leases alive; one that had expired is taken again.
  virtual Result<void> renew(std::span<const Charge> leases, Deadline deadline) = 0;
  // All are walked through, whatever `most` is, if the highest are asked for.
  virtual Result<std::vector<CounterRow>> list(const CounterQuery& query, Deadline deadline) = 0;
  // Forgets all counters of the limit's key, leases included; how many. A block stays, and whom a first-seen counter
  // knows.
  virtual Result<std::size_t> reset(std::string_view limit, std::string_view key, Deadline deadline) = 0;

  // Blocks the key. One that is blocked already stays as it is, unless `replace`. Whether this call blocked it: of many
  // nodes that say so at once one is told yes.
  virtual Result<bool> block(const Block& block, bool replace, Deadline deadline) = 0;
  // Whether it was blocked.
  virtual Result<bool> unblock(std::string_view limit, std::string_view key, Deadline deadline) = 0;
  // At most `most`, by limit and key.
  virtual Result<std::vector<Block>> blocks(std::size_t most, Deadline deadline) = 0;
};

}  // namespace mailweir
