// SPDX-License-Identifier: BSD-2-Clause
// StreamLoop: connections that one thread serves, by epoll. Whatever a conversation waits for (base/blocking.h), it is
// set aside with its stack and the loop goes on with the others: hundreds can wait for slow name servers with no thread
// of their own. What must block runs in the pool.
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
#include <thread>
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
  std::chrono::milliseconds taking{
      60'000};                     // nor does it get longer for the whole of it, however often it takes a byte
  MemoryBudget* memory = nullptr;  // of all connections; while it is full one more is closed at once
};

struct StreamStats {
  std::atomic<std::uint64_t> connections{0}, open{0}, refused{0};
};

class StreamLoop {
 public:
  StreamLoop(std::string door, StreamLimits limits, const Clock& clock, Log& log, StreamStats& stats,
             BlockingPool& pool);
  ~StreamLoop();

  void start();
  void add(Fd connection, std::unique_ptr<Conversation> conversation);

  // From now on a connection is closed as soon as no work is done for it.
  void begin_stop();
  bool wait_closed(Deadline deadline);
  // Breaks the connections of those still at work.
  void cut();
  void join();

 private:
  struct Link;
  // What is done for a connection, on a stack of its own. False: that was all, it ends.
  using Task = bool (StreamLoop::*)(Link&, AsideWork&);

  void run();
  void serve(Link& link, std::uint32_t events);
  void hear(Link& link);
  void begin(Link& link, std::unique_ptr<AsideWork> work, Task task);
  void begin(Link& link, Task task);
  void perform(AsideWork& work);
  void go_on(Link& link, std::unique_ptr<AsideWork> work);
  bool converse(Link& link, AsideWork& work);
  bool part(Link& link, AsideWork&);
  bool after_silence(Link& link, AsideWork&);
  bool end(Link&, AsideWork&) { return false; }
  void settle(Link& link);
  void drop(Link& link);
  void watch(Link& link, bool for_room);
  void unwatch(Link& link);
  bool flush(Link& link);
  void look_round();
  void close_idle();
  void wake();

  const std::string door_;
  const StreamLimits limits_;
  const Clock& clock_;
  Log& log_;
  StreamStats& stats_;
  Fd epoll_, wake_;
  std::atomic<bool> stopping_{false}, over_{false};
  SteadyTime next_look_{};  // this and the next are the loop's thread's
  Aside aside_;
  std::thread thread_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::unordered_map<Link*, std::unique_ptr<Link>> links_;
};

}  // namespace mailweir
