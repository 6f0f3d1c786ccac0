// SPDX-License-Identifier: BSD-2-Clause
// Suppressions: recipients that are proved dead, for those who wrote to them: another server refused the mailbox as
// unknown on two different days (UTC), and nothing was delivered to it between. Never for all senders together: each
// scope, a customer or a login, proves for itself. A delivery lifts it, and so does time.
//
// Bounded; the recipient that bounced longest ago goes first. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/text.h"
#include "delivery/accepted_message.h"

namespace mailweir {

struct Suppression {
  std::string scope, recipient;
  std::string answer;        // the first one
  WallTime first{}, last{};  // bounce
  bool proved = false;       // a second one came on another day
};

// Whether the outcome proves that the mailbox does not exist: the answer of another server to RCPT, with a code that
// says so. Never of 5.7.x, 5.2.x, 5.3.x, 5.4.4 and 5.6.x.
bool is_of_dead_mailbox(const Outcome& outcome);

class Suppressions {
 public:
  static constexpr std::size_t most = 500'000, longest_answer = 300;

  // The recipient bounced for the scope. True: it is suppressed from now on.
  bool bounced(const std::string& scope, const std::string& recipient, std::string_view answer, WallTime now,
               std::chrono::milliseconds keep);
  // True: it was suppressed.
  bool delivered(std::string_view scope, std::string_view recipient);
  // Of one that is suppressed, its last bounce not longer ago than `keep`.
  std::optional<Suppression> find(std::string_view scope, std::string_view recipient, WallTime now,
                                  std::chrono::milliseconds keep) const;
  // By hand, or from a file.
  void put(Suppression suppression);
  // Those that bounced once, too.
  std::vector<Suppression> all() const;
  std::size_t size() const;

 private:
  using List = std::list<Suppression>;  // by last, oldest first
  struct State {
    List list;
    std::unordered_map<std::string, List::iterator, TextHash, std::equal_to<>> by_name;
  };

  Guarded<State> state_;
};

}  // namespace mailweir
