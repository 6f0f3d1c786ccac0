// SPDX-License-Identifier: BSD-2-Clause
#include "base/wake_box.h"

#include <cerrno>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/handle.h"

namespace mailweir {

// What the wakers and the loop share.
struct WakeBox::Post {
  Fd event{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;  // guards what follows
  std::vector<std::shared_ptr<Ticket>> told;
  bool over = false;
};

struct WakeBox::Ticket final : WaitingLoop::Wait::Ticket, std::enable_shared_from_this<Ticket> {
  explicit Ticket(std::shared_ptr<Post> where) : post(std::move(where)) {}

  void wake() noexcept override {
    const std::lock_guard lock(post->mutex);
    if (post->over || std::exchange(told, true)) return;
    post->told.push_back(shared_from_this());
    const std::uint64_t one = 1;
    // Cannot fail but by overflow, and then the loop is woken already.
    if (post->told.size() == 1 && ::write(post->event.get(), &one, sizeof one) < 0) return;
  }

  const std::shared_ptr<Post> post;
  bool told = false;  // guarded by the post's mutex
};

WakeBox::WakeBox(WaitingLoop& loop) : loop_(loop), post_(std::make_shared<Post>()) {
  if (!post_->event) throw std::system_error(errno, std::generic_category(), "eventfd");
}

WakeBox::~WakeBox() {
  const std::lock_guard lock(post_->mutex);
  post_->over = true;
  post_->told.clear();
}

std::shared_ptr<Waker> WakeBox::waker(WaitingLoop::Wait& wait) {
  if (wait.waker == nullptr) {
    wait.waker = std::make_shared<Ticket>(post_);
    wait.waker->wait = &wait;
  }
  return wait.waker;
}

int WakeBox::fd() const { return post_->event.get(); }

void WakeBox::ready() {
  std::vector<std::shared_ptr<Ticket>> told;
  {
    const std::lock_guard lock(post_->mutex);
    std::uint64_t times = 0;
    [[maybe_unused]] const auto got = ::read(post_->event.get(), &times, sizeof times);
    told.swap(post_->told);
  }
  for (const auto& ticket : told)
    if (ticket->wait != nullptr) loop_.wake(*ticket->wait);
}

}  // namespace mailweir
