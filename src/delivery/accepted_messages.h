// SPDX-License-Identifier: BSD-2-Clause
// AcceptedMessages: the messages in the mail server's queue that the gate has accepted, by queue id. Bounded in bytes
// and in time: the oldest goes first. A message also goes when the mail server has removed it from its queue.
//
// What a content filter sends back has a second queue id. It is the same message if the filter said so (XFORWARD
// IDENT), if a server on the loopback took the first one and answered "queued as" the second, or if a client on the
// loopback sent it with the Message-ID of one, and only one, of these messages.
//
// Thread-safe: the doors put messages in, the follower of the log takes outcomes out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "base/text.h"
#include "delivery/accepted_message.h"

namespace mailweir {

struct AcceptedMessagesConfig {
  std::chrono::milliseconds remember{std::chrono::hours(24 * 5)};
  std::size_t memory = 64 << 20;
};

struct AcceptedMessagesStats {
  std::uint64_t messages = 0, bytes = 0;
  std::uint64_t forgotten = 0;  // before their end, for want of room
};

class AcceptedMessages {
 public:
  // A message, and for each recipient whether it bounced, was delivered, or neither yet.
  enum class Fate : std::uint8_t { open, sent, bounced };
  struct Kept {
    AcceptedMessagePtr message;
    std::vector<Fate> fates;  // one for each recipient
  };

  explicit AcceptedMessages(AcceptedMessagesConfig config) : config_(config) {}

  // A queue id that is known belongs to a new message from now on: queue ids are used again.
  void add(AcceptedMessage message) { add(Kept{std::make_shared<const AcceptedMessage>(std::move(message)), {}}); }
  void add(Kept kept);
  // What the event says of recipients that were accepted, each once: what an alias made of them, and what is not final,
  // is left out.
  std::vector<Outcome> note(const DeliveryEvent& event);

  AcceptedMessagesStats stats() const;
  // Oldest first.
  std::vector<Kept> all() const;

 private:
  struct Held : Kept {
    std::string message_id;               // by the gate or by the log
    std::vector<std::string> second_ids;  // of what a content filter sent back
    bool on_loopback = false;             // a server there took it: perhaps a filter, which sends it back later
  };
  using List = std::list<Held>;
  template <typename T>
  using ById = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;
  struct State {
    List list;                                     // oldest first
    ById<List::iterator> by_id;                    // first and second ids
    ById<std::vector<std::string>> by_message_id;  // first queue ids
    std::list<std::string> unlinked;               // queue ids from the loopback whose Message-ID is not known yet
    std::uint64_t bytes = 0, forgotten = 0;

    Held* find(std::string_view queue_id);
    void drop(List::iterator held);
    void name(Held& held, std::string_view message_id);
    void link(const std::string& second, std::string_view first);
  };

  static void attempt(State& state, const DeliveryEvent& event, std::vector<Outcome>& outcomes);
  static void accepted(State& state, const DeliveryEvent& event);
  static void identified(State& state, const DeliveryEvent& event);
  static void removed(State& state, const DeliveryEvent& event);

  const AcceptedMessagesConfig config_;
  mutable Guarded<State> state_;
};

}  // namespace mailweir
