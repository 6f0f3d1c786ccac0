// SPDX-License-Identifier: BSD-2-Clause
// ScanLoop: the one thread that speaks to all scanners, for all messages, by epoll. It runs ScanLoop::Work, which never
// blocks. The times at which work is due are kept in order, so that a turn costs what happened in it, however many
// scans are open.
//
// add, nudge: from any thread. It outlives all scanners; what is still at work when it goes is dropped.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/handle.h"

namespace mailweir {

class ScanLoop {
 public:
  // Used by the loop's thread alone.
  class Work {
   public:
    virtual ~Work() = default;
    // Something happened: a nudge, its socket, its time. Whether there is more to do; then the loop asks what for:
    virtual bool go_on(SteadyTime now) = 0;
    virtual int fd() const = 0;            // -1: none
    virtual unsigned sockets() const = 0;  // how many it has had: a new one may have the number of an old one
    virtual bool wants_room() const = 0;
    virtual SteadyTime due() const = 0;  // SteadyTime::max(): never; changes in go_on() only
  };

  // The clock, which is steady_clock's but in tests, outlives it. std::system_error: no epoll. The thread starts with
  // the first work.
  explicit ScanLoop(const Clock& clock);
  ~ScanLoop();
  ScanLoop(const ScanLoop&) = delete;
  ScanLoop& operator=(const ScanLoop&) = delete;

  // Has it go on soon; the first time it is taken in.
  void nudge(std::shared_ptr<Work> work);
  const Clock& clock() const { return clock_; }

 private:
  struct Entry {
    std::shared_ptr<Work> work;
    unsigned sockets = 0;
    std::uint32_t events = 0;
    SteadyTime due = SteadyTime::max();  // as in dues_
  };

  void run();
  void take_in(SteadyTime now);
  void serve(Entry& entry, SteadyTime now);
  void serve_late(SteadyTime now);
  void set_due(Entry& entry, SteadyTime due);
  void watch(Entry& entry);
  int patience(SteadyTime now) const;  // milliseconds, as epoll_wait(2) wants it

  const Clock& clock_;
  Fd epoll_, wake_;
  std::unordered_map<Work*, Entry> entries_;  // this and the next: the thread's
  std::set<std::pair<SteadyTime, Work*>> dues_;
  std::mutex mutex_;  // guards what follows
  std::vector<std::shared_ptr<Work>> nudged_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace mailweir
