// SPDX-License-Identifier: BSD-2-Clause
// Ledger: what one session asks of the counter store, and what it holds there: charges of the transaction, to be given
// back if the message is refused, and places of open connections. The only part of the engine that speaks to the store.
//
// All calls of one callback of the MTA together wait at most calls_of_a_callback times the policy's [counters]
// deadline, and each call at most once that long; with [dns] deadline this is what keeps a callback under 8 s (Sendmail
// waits 10). A call for which no time is left is not made: an error that says so.
//
// Owned by a session; one thread at a time. The services outlive it.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/services.h"
#include "port/counter_store.h"

namespace mailweir {

class Ledger {
 public:
  static constexpr int calls_of_a_callback = Policy::counter_calls_of_a_callback;
  static constexpr std::size_t charges_of_a_call = 500;  // of a refund; more are given back in several calls

  explicit Ledger(Services& services) : services_(services) {}
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // The longest wait of a call from now on; a callback that is under way keeps what it has left.
  void use(std::chrono::milliseconds deadline);
  // A callback, or a request, of the MTA begins: the time for its calls is whole again.
  void callback_begins() { left_ = each_ * calls_of_a_callback; }

  // Errors are counted; who asked says what they mean.
  Result<Charged> charge(std::span<const Charge> charges);
  // The line of a transaction whose limits could not be asked.
  void not_asked(std::string_view id, const Error& error);
  // The line of a limit without room for its key: what was not counted is told, and counted.
  void no_room(std::string_view id, std::string_view rule, const Charge& charge);
  // Blocks the key. True: this call did; false: it is blocked already. Errors are counted.
  Result<bool> block(const Block& block);

  // Keeps what was charged, to be given back with the transaction. What counts even if the message is refused is left
  // out.
  void keep(std::span<const Charge> charges, const Receipt& receipt);
  // Keeps the places of open connections among the charges until release(). Of the rest nothing is given back: a
  // connection was made, whatever became of its mail.
  void keep_places(std::span<const Charge> charges, const Receipt& receipt);

  // Gives back all that the transaction was charged, in one call for each store that it was charged to. An error is one
  // log line, with the transaction's id; the calls for the other stores are made all the same.
  void refund(std::string_view id);
  // The message was taken: nothing is given back any more.
  void forget() { taken_.clear(); }
  void release();

 private:
  // What one window of a charge was given, or several equal charges together.
  struct Taken {
    Charge charge;
    std::vector<std::int64_t> slots;
    std::uint8_t store = 0;
    bool joins(const Charge& other, std::span<const std::int64_t> other_slots, std::uint8_t other_store) const;
  };

  template <typename Call>
  auto in_time(Call&& call) -> decltype(call(Deadline()));

  Services& services_;
  std::chrono::nanoseconds each_{std::chrono::milliseconds(100)}, left_{each_ * calls_of_a_callback};
  std::vector<Taken> taken_, places_;
};

}  // namespace mailweir
