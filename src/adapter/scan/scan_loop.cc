// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/scan_loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace mailweir {

ScanLoop::ScanLoop(const Clock& clock)
    : clock_(clock), epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  if (!epoll_ || !wake_ || epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll");
}

ScanLoop::~ScanLoop() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  eventfd_write(wake_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

void ScanLoop::nudge(std::shared_ptr<Work> work) {
  {
    const std::lock_guard lock(mutex_);
    nudged_.push_back(std::move(work));
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    if (nudged_.size() > 1) return;  // it is awake already, or about to be
  }
  eventfd_write(wake_.get(), 1);
}

void ScanLoop::run() {
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count =
        epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), patience(clock_.steady()));
    const auto now = clock_.steady();
    for (int i = 0; i < count; ++i) {
      auto* const work = static_cast<Work*>(events[static_cast<std::size_t>(i)].data.ptr);
      // What ended since has no entry any more.
      if (const auto found = entries_.find(work); found != entries_.end()) serve(found->second, now);
    }
    take_in(now);
    {
      const std::lock_guard lock(mutex_);
      if (over_) return;
    }
    serve_late(now);
  }
}

// Each once: what is due again at once has its next turn.
void ScanLoop::serve_late(SteadyTime now) {
  std::vector<Work*> late;
  for (const auto& [due, work] : dues_) {
    if (due > now) break;
    late.push_back(work);
  }
  for (Work* work : late) serve(entries_.at(work), now);
}

void ScanLoop::take_in(SteadyTime now) {
  eventfd_t count = 0;
  eventfd_read(wake_.get(), &count);
  std::vector<std::shared_ptr<Work>> nudged;
  {
    const std::lock_guard lock(mutex_);
    nudged.swap(nudged_);
  }
  for (auto& work : nudged) {
    Entry& entry = entries_[work.get()];
    entry.work = std::move(work);
    serve(entry, now);
  }
}

void ScanLoop::serve(Entry& entry, SteadyTime now) {
  if (entry.work->go_on(now)) {
    set_due(entry, entry.work->due());
    return watch(entry);
  }
  set_due(entry, SteadyTime::max());
  entries_.erase(entry.work.get());  // its socket, closed, is watched no more
}

void ScanLoop::set_due(Entry& entry, SteadyTime due) {
  if (due == entry.due) return;
  if (entry.due != SteadyTime::max()) dues_.erase({entry.due, entry.work.get()});
  if (due != SteadyTime::max()) dues_.emplace(due, entry.work.get());
  entry.due = due;
}

void ScanLoop::watch(Entry& entry) {
  const int fd = entry.work->fd();
  if (fd < 0) return;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | (entry.work->wants_room() ? static_cast<std::uint32_t>(EPOLLOUT) : 0);
  event.data.ptr = entry.work.get();
  const bool is_new = entry.sockets != entry.work->sockets();
  if (!is_new && event.events == entry.events) return;
  epoll_ctl(epoll_.get(), is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
  entry.sockets = entry.work->sockets();
  entry.events = event.events;
}

int ScanLoop::patience(SteadyTime now) const {
  if (dues_.empty()) return -1;
  return static_cast<int>(std::min<std::int64_t>(Deadline(dues_.begin()->first).left(now).count(), 60'000));
}

}  // namespace mailweir
