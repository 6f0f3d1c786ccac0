// SPDX-License-Identifier: BSD-2-Clause
// Alert: what an admin should hear of at once; AlertSink: what sends it. Texts are as they came from the network:
// who writes them down escapes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace mailweir {

enum class AlertKind : std::uint8_t {
  over,     // a key has crossed its limit
  near,     // it has reached the limit's warn_at
  blocked,  // it has crossed its limit and is blocked
  hit,      // a rule without a limit acted
  test,     // mailweirctl alerts test
};
constexpr std::string_view to_string(AlertKind kind) {
  constexpr std::string_view words[] = {"over", "near", "blocked", "hit", "test"};
  return words[static_cast<std::size_t>(kind)];
}
// Of a key's count, told once; `hit` is told each time.
constexpr bool is_edge(AlertKind kind) {
  return kind == AlertKind::over || kind == AlertKind::near || kind == AlertKind::blocked;
}

struct Alert {
  WallTime time;
  AlertKind kind = AlertKind::hit;
  std::string rule;
  bool shadow = false;  // the rule only says what it would do
  std::string action;   // what the rule does: "reject", "continue"
  std::string key;      // of the limit; of a hit the login, or else the client's address
  std::string limit;    // "100/1h"; empty: the rule has none
  std::uint64_t count = 0, maximum = 0;
  std::uint64_t adds = 0;                     // what the message would have added to the count, and did not
  std::string id, queue_id;                   // of the transaction: as in the log
  std::string client_address, login, sender;  // of the message that led to it; empty: not known
};

// Thread-safe, and never waits: what there is no room for is counted and told later.
class AlertSink {
 public:
  virtual ~AlertSink() = default;
  virtual void raise(Alert alert) = 0;
};

}  // namespace mailweir
