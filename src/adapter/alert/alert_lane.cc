// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/alert/alert_lane.h"

#include <algorithm>
#include <csignal>

namespace mailweir {

std::optional<std::chrono::milliseconds> pause_after(unsigned tries) {
  if (tries >= AlertLane::most_tries) return {};
  return std::chrono::seconds(std::min(60U, 1U << std::min(tries == 0 ? 0 : tries - 1, 10U)));
}

AlertLane::~AlertLane() {
  end_by(SteadyTime::min());
  join();
}

void AlertLane::use(AlertReceiverPtr receiver, std::chrono::milliseconds deadline) {
  const std::lock_guard lock(mutex_);
  takes_ = receiver != nullptr;
  if (!takes_ || stop_at_) return;
  receiver_ = std::move(receiver);
  deadline_ = deadline;
  changed_.notify_all();
  if (thread_.joinable()) return;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void AlertLane::put(const AlertNotice& notice) {
  const std::lock_guard lock(mutex_);
  if (!takes_) return;
  if (waiting_.size() >= most_waiting) {
    ++stats_.dropped;
    return;
  }
  waiting_.push_back(notice);
  changed_.notify_all();
}

bool AlertLane::used() const {
  const std::lock_guard lock(mutex_);
  return takes_;
}

std::size_t AlertLane::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void AlertLane::end_by(SteadyTime until) {
  const std::lock_guard lock(mutex_);
  takes_ = false;
  if (!stop_at_) stop_at_ = until;
  give_up_at_ = stop_at_->time_since_epoch().count();
  changed_.notify_all();
}

void AlertLane::join() {
  if (thread_.joinable()) thread_.join();
}

void AlertLane::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_at_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    if (stop_at_ && std::chrono::steady_clock::now() >= *stop_at_) break;
    send_first(lock);
  }
  stats_.failed += waiting_.size();
  Event("alerts-not-sent")
      .with("receiver", name_)
      .with("count", static_cast<std::int64_t>(waiting_.size()))
      .with("reason", "the daemon ends")
      .to(log_, Severity::warning);
}

// One try of the first that waits, and the pause after one that failed. The lock is let go meanwhile; only this thread
// takes from the queue.
void AlertLane::send_first(std::unique_lock<std::mutex>& lock) {
  const AlertReceiverPtr receiver = receiver_;
  const AlertNotice notice = waiting_.front();
  SteadyTime end = std::chrono::steady_clock::now() + deadline_;
  if (stop_at_) end = std::min(end, *stop_at_);
  lock.unlock();
  Result<void> sent;
  try {
    sent = receiver->send(notice, Deadline(end), [this] {
      return std::chrono::steady_clock::now().time_since_epoch().count() >= give_up_at_;
    });
  } catch (const std::exception& failure) {  // out of memory, say: this one is lost, the daemon is not
    sent = Error{name_ + ": " + failure.what()};
  }
  lock.lock();
  ++tries_;
  const auto pause = sent || !sent.error().temporary || stop_at_ ? std::nullopt : pause_after(tries_);
  if (pause) {
    changed_.wait_for(lock, *pause, [&] { return stop_at_.has_value(); });
    return;
  }
  if (sent) {
    ++stats_.sent;
  } else {
    ++stats_.failed;
    Event("alerts-not-sent")
        .with("receiver", name_)
        .with("count", 1)
        .with("tries", static_cast<std::int64_t>(tries_))
        .with("reason", sent.error().what)
        .to(log_, Severity::warning);
  }
  tries_ = 0;
  waiting_.pop_front();
}

}  // namespace mailweir
