// SPDX-License-Identifier: BSD-2-Clause
// StreamLoop: connections that one thread at a time serves, by epoll. The thread that leads answers whatever is ready;
// when a conversation is about to block (base/blocking.h) it takes that connection out and hands the lead to another
// thread, so that one slow lookup holds up nobody else. There are as many threads as conversations that block, and one.
// What waits for a guest of the loop (base/waiting_loop.h) blocks no thread: the leader sets it aside and goes on.
//
// add, begin_stop, wait_closed, cut, join: from any thread, in this order at the end.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/aside.h"
#include "base/clock.h"
#include "base/conversation.h"
#include "base/handle.h"
#include "base/log.h"
#include "base/memory_budget.h"

namespace mailweir {

struct StreamLimits {
  std::size_t connections = 1000;
  std::chrono::milliseconds sending{5000};     // a peer that does not take its answer for so long is given up
  std::chrono::milliseconds look_round{1000};  // how often silent connections are looked for
  std::chrono::milliseconds taking{60'000};    // nor does it get longer for the whole of it, however often it takes a byte
  MemoryBudget* memory = nullptr;              // of all connections; while it is full one more is closed at once
};

struct StreamStats {
  std::atomic<std::uint64_t> connections{0}, open{0}, refused{0}, handed_over{0};
};

class StreamLoop {
 public:
  StreamLoop(std::string door, StreamLimits limits, const Clock& clock, Log& log, StreamStats& stats);
  ~StreamLoop();

  void start();
  void add(Fd connection, std::unique_ptr<Conversation> conversation);

  // From now on a connection is closed as soon as nobody is at work for it.
  void begin_stop();
  bool wait_closed(Deadline deadline);
  // Breaks the connections of those still at work.
  void cut();
  void join();

 private:
  struct Link;
  class Turn;

  void work();
  void lead(Turn& turn);
  void serve(Turn& turn, Link& link, std::uint32_t events);
  void hear(Turn& turn, Link& link);
  void go_on(Turn& turn, Link& link, std::unique_ptr<AsideWork> work);
  template <typename Talk>
  void guarded(Talk talk);
  void converse(Link& link, AsideWork& work);
  bool serve_due(Turn& turn);
  void give_spare(Turn& turn, std::unique_ptr<AsideWork> work);
  void settle(Turn& turn, Link& link, bool keep);
  void watch(Link& link, int how);
  void look_round(Turn& turn);
  void close_idle(Turn& turn);
  void close(Turn& turn, Link& link);
  void hand_over(Turn& turn);
  bool spawn();
  void wake();

  const std::string door_;
  const StreamLimits limits_;
  const Clock& clock_;
  Log& log_;
  StreamStats& stats_;
  Fd epoll_, wake_;
  std::atomic<bool> stopping_{false}, over_{false};
  SteadyTime next_look_{};  // this and the next are the leader's
  Aside aside_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable lead_free_, changed_;
  bool led_ = false;
  std::size_t threads_ = 0, spares_ = 0;
  std::unordered_map<Link*, std::unique_ptr<Link>> links_;
};

}  // namespace mailweir
