// SPDX-License-Identifier: BSD-2-Clause
#include "base/aside.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include <sys/epoll.h>

#include "base/blocking.h"
#include "base/wake_box.h"

namespace mailweir {
namespace {

constexpr std::size_t most_spares = 64;
constexpr std::uint64_t wake_box_name = 0;  // adapters count theirs from 1

// A socket that one wait alone is for.
class OneSocket final : public LoopGuest {
 public:
  OneSocket(WaitingLoop& loop, int fd) : loop_(loop), fd_(fd) {}
  int fd() const override { return fd_; }
  void ready() override { loop_.wake(wait); }
  bool flush() override { return true; }
  bool is_over() const override { return false; }

  WaitingLoop::Wait wait;

 private:
  WaitingLoop& loop_;
  const int fd_;
};

}  // namespace

Aside::Aside(int epoll, BlockingPool& pool) : epoll_(epoll), pool_(pool) {
  auto box = std::make_unique<WakeBox>(*this);
  wakes_ = box.get();
  if (!add_guest(wake_box_name, std::move(box))) throw std::system_error(errno, std::generic_category(), "epoll");
}

std::unique_ptr<AsideWork> Aside::take_spare() {
  try {
    // Not make_unique: its room need not be cleared.
    if (spares_.empty()) return std::unique_ptr<AsideWork>(new AsideWork);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  auto work = std::move(spares_.back());
  spares_.pop_back();
  return work;
}

void Aside::give_spare(std::unique_ptr<AsideWork> work) {
  if (spares_.size() < most_spares) spares_.push_back(std::move(work));
}

std::unique_ptr<AsideWork> Aside::run(std::unique_ptr<AsideWork> work) {
  current_ = work.get();
  const InLoop here(*this);
  if (work->fiber.resume()) return work;
  work->place = waiting_.size();
  waiting_.push_back(std::move(work));
  return nullptr;
}

void Aside::set_aside(Wait& wait, Deadline deadline) {
  if (wait.woken) return;
  AsideWork& work = *current_;
  wait.work = &work;
  work.until = deadline.at();
  work.due = false;
  next_late_ = std::min(next_late_, work.until);
  work.fiber.pause();
  wait.work = nullptr;
}

std::shared_ptr<Waker> Aside::waker(Wait& wait) { return wakes_->waker(wait); }

void Aside::wake(Wait& wait) {
  wait.woken = true;
  auto* work = static_cast<AsideWork*>(wait.work);
  if (work != nullptr && !std::exchange(work->due, true)) due_.push_back(work);
}

// On the stack of the work: when that goes on no event of the socket's is at hand.
bool Aside::wait_for_socket(int fd, bool to_write, Deadline deadline) {
  Guest guest{0, std::make_unique<OneSocket>(*this, fd)};
  auto& wait = static_cast<OneSocket&>(*guest.guest).wait;
  epoll_event event{};
  event.events = to_write ? EPOLLOUT : EPOLLIN;
  event.data.u64 = reinterpret_cast<std::uintptr_t>(&guest) | 1;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return false;
  set_aside(wait, deadline);
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  return wait.woken;
}

std::unique_ptr<AsideWork> Aside::next_due() {
  if (due_.empty() && next_late_ != SteadyTime::max()) find_late(std::chrono::steady_clock::now());
  if (due_.empty()) return nullptr;
  const std::size_t place = due_.front()->place;
  due_.pop_front();
  auto work = std::move(waiting_[place]);
  if (place + 1 != waiting_.size()) {
    waiting_[place] = std::move(waiting_.back());
    waiting_[place]->place = place;
  }
  waiting_.pop_back();
  return work;
}

void Aside::find_late(SteadyTime now) {
  if (now < next_late_) return;
  next_late_ = SteadyTime::max();
  for (const auto& work : waiting_) {
    if (work->due) continue;
    if (work->until <= now) {
      work->due = true;
      due_.push_back(work.get());
    } else {
      next_late_ = std::min(next_late_, work->until);
    }
  }
}

std::chrono::milliseconds Aside::patience(std::chrono::milliseconds most) {
  if (!due_.empty()) return std::chrono::milliseconds(0);
  if (waiting_.empty()) next_late_ = SteadyTime::max();
  if (next_late_ == SteadyTime::max()) return most;
  return std::min(most, Deadline(next_late_).left());
}

LoopGuest* Aside::guest(std::uint64_t name) {
  for (const auto& guest : guests_) {
    if (guest->name == name && !guest->guest->is_over()) return guest->guest.get();
  }
  return nullptr;
}

bool Aside::add_guest(std::uint64_t name, std::unique_ptr<LoopGuest> guest) {
  auto made = std::make_unique<Guest>(Guest{name, std::move(guest)});
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = reinterpret_cast<std::uintptr_t>(made.get()) | 1;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, made->guest->fd(), &event) != 0) return false;
  guests_.push_back(std::move(made));
  return true;
}

void Aside::ready(std::uint64_t tag) { reinterpret_cast<Guest*>(tag & ~std::uint64_t{1})->guest->ready(); }

void Aside::flush() {
  for (const auto& guest : guests_) {
    const bool stuck = !guest->guest->flush();
    if (!guest->guest->is_over() && std::exchange(guest->stuck, stuck) != stuck) {
      epoll_event event{};
      event.events = stuck ? EPOLLIN | EPOLLOUT : EPOLLIN;
      event.data.u64 = reinterpret_cast<std::uintptr_t>(guest.get()) | 1;
      epoll_ctl(epoll_, EPOLL_CTL_MOD, guest->guest->fd(), &event);
    }
  }
}

void Aside::sweep() {
  std::erase_if(guests_, [this](const auto& guest) {
    if (guest->guest->is_over()) epoll_ctl(epoll_, EPOLL_CTL_DEL, guest->guest->fd(), nullptr);
    return guest->guest->is_over();
  });
}

}  // namespace mailweir
