// SPDX-License-Identifier: BSD-2-Clause
#include "base/stream_loop.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/blocking.h"

namespace mailweir {
namespace {

constexpr int served_before_a_flush = 16;  // so that who is asked has something to do meanwhile
constexpr std::size_t kept_buffer = 16 << 10;  // an output buffer that grew beyond is freed when it is empty
constexpr std::size_t kept_spares = 2;
constexpr std::chrono::seconds spare_stays{10};

}  // namespace

// One connection. Used by the leader, or, while `away`, by the thread that its conversation blocks.
struct StreamLoop::Link final : Conversation::Output {
  Link(Fd connection, std::unique_ptr<Conversation> conversation, std::chrono::milliseconds sending, SteadyTime now)
      : fd(std::move(connection)), talk(std::move(conversation)), sending(sending), heard(now) {}

  Fd fd;
  std::unique_ptr<Conversation> talk;
  const std::chrono::milliseconds sending;
  SteadyTime heard;         // when it last said or took something
  SteadyTime stuck{};       // writing: since when
  std::size_t sent = 0;     // of the buffer
  bool away = false;        // guarded by the loop's mutex
  bool writing = false;     // epoll waits for room to send, not for bytes
  bool watched = false;     // by epoll
  bool aside = false;       // its work was set aside
  AsideWork* work = nullptr;

  bool pending() const { return sent < buffer_.size(); }
  // Sends what the socket takes now. False: the peer is gone.
  bool send_some() {
    while (pending()) {
      const auto got = ::send(fd.get(), buffer_.data() + sent, buffer_.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
      sent += static_cast<std::size_t>(got);
    }
    sent = 0;
    if (buffer_.capacity() > kept_buffer) std::string().swap(buffer_);
    else buffer_.clear();
    return true;
  }
  bool flush() override {
    const auto until = Deadline::in(sending);
    for (;;) {
      if (!send_some()) return false;
      if (!pending()) return true;
      about_to_block();
      pollfd one{fd.get(), POLLOUT, 0};
      if (const auto left = until.left(); left.count() == 0 || ::poll(&one, 1, static_cast<int>(left.count())) == 0) return false;
    }
  }
};

// A thread's part: whether it leads, and which connection it serves.
class StreamLoop::Turn final : public BlockingWatcher {
 public:
  explicit Turn(StreamLoop& loop) : loop_(loop) { watch_blocking(this); }
  ~Turn() { watch_blocking(nullptr); }
  void about_to_block() noexcept override { if (leading) loop_.hand_over(*this); }
  WaitingLoop* waiting_loop() noexcept override {
    return leading && current != nullptr && current->work != nullptr ? &loop_.aside_ : nullptr;
  }

  bool leading = false;
  Link* current = nullptr;
  std::unique_ptr<AsideWork> spare;

 private:
  StreamLoop& loop_;
};

StreamLoop::StreamLoop(std::string door, StreamLimits limits, const Clock& clock, Log& log, StreamStats& stats)
    : door_(std::move(door)), limits_(limits), clock_(clock), log_(log), stats_(stats), epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), aside_(epoll_.get()) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) throw std::system_error(errno, std::generic_category(), "epoll");
}

StreamLoop::~StreamLoop() {
  begin_stop();
  cut();
  join();
}

void StreamLoop::start() {
  const std::lock_guard lock(mutex_);
  if (!spawn()) throw std::system_error(EAGAIN, std::generic_category(), door_ + " door: cannot start a thread");
}

// With the lock held.
bool StreamLoop::spawn() {
  try {
    std::thread([this] { work(); }).detach();
  } catch (const std::exception&) {  // no thread, or no memory for one
    return false;
  }
  ++threads_;
  return true;
}

void StreamLoop::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void StreamLoop::add(Fd connection, std::unique_ptr<Conversation> conversation) {
  auto made = std::make_unique<Link>(std::move(connection), std::move(conversation), limits_.sending, clock_.steady());
  Link& link = *made;
  const std::lock_guard lock(mutex_);
  links_.emplace(&link, std::move(made));
  watch(link, EPOLL_CTL_ADD);
  if (stopping_) wake();
}

void StreamLoop::watch(Link& link, int how) {
  epoll_event event{};
  event.events = link.writing ? EPOLLOUT : EPOLLIN;
  event.data.ptr = &link;
  link.watched = true;  // before: from then on the link may be the leader's
  epoll_ctl(epoll_.get(), how, link.fd.get(), &event);
}

// --- a thread's life -------------------------------------------------------------------------------------------------

void StreamLoop::work() {
  const auto turn = std::make_unique<Turn>(*this);
  std::unique_lock lock(mutex_);
  while (!over_) {
    if (!led_) {
      led_ = turn->leading = true;
      lock.unlock();
      lead(*turn);
      lock.lock();
      continue;
    }
    ++spares_;
    const bool wanted = lead_free_.wait_for(lock, spare_stays, [this] { return !led_ || over_; });
    --spares_;
    if (!wanted && spares_ >= kept_spares) break;
  }
  --threads_;
  changed_.notify_all();
}

void StreamLoop::lead(Turn& turn) {
  std::array<epoll_event, 64> ready;
  while (!over_) {
    aside_.flush();
    aside_.sweep();
    const auto patience = aside_.patience(limits_.look_round);
    const int count = epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), static_cast<int>(patience.count()));
    for (int i = 0, served = 0; i < count; ++i) {
      const auto& event = ready[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) continue;
      if (Aside::is_guest(event.data.u64)) {
        aside_.ready(event.data.u64);
        continue;
      }
      serve(turn, *static_cast<Link*>(event.data.ptr), event.events);
      if (!turn.leading) return;  // the others of this batch are the new leader's: epoll tells them again
      if (++served % served_before_a_flush == 0) aside_.flush();
    }
    if (!serve_due(turn)) return;
    if (stopping_) close_idle(turn);
    else if (const auto now = clock_.steady(); now >= next_look_) {
      next_look_ = now + limits_.look_round;
      look_round(turn);
    }
    if (!turn.leading) return;
  }
  turn.leading = false;
  const std::lock_guard lock(mutex_);
  led_ = false;
  lead_free_.notify_all();
}

// Somebody else leads from here on; the connection at hand is out of its sight until settle(). If there is nobody and no
// thread can be had, the lead stays and the others wait, as long as the deadlines allow.
void StreamLoop::hand_over(Turn& turn) {
  const std::lock_guard lock(mutex_);
  if (spares_ == 0 && !spawn()) return;
  if (turn.current != nullptr) {
    turn.current->away = true;
    turn.current->watched = false;
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, turn.current->fd.get(), nullptr);
  }
  turn.leading = led_ = false;
  ++stats_.handed_over;
  lead_free_.notify_one();
}

// --- a connection ----------------------------------------------------------------------------------------------------

void StreamLoop::serve(Turn& turn, Link& link, std::uint32_t events) {
  if (link.aside) {  // it says more, or is gone, before it has its answer: that is heard then
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, link.fd.get(), nullptr);
    link.watched = false;
    return;
  }
  turn.current = &link;
  if (!link.writing) return hear(turn, link);
  link.heard = clock_.steady();
  settle(turn, link, (events & (EPOLLERR | EPOLLHUP)) == 0 && link.send_some());
}

// Reads once and lets the conversation answer.
void StreamLoop::hear(Turn& turn, Link& link) {
  auto work = turn.spare != nullptr ? std::move(turn.spare) : aside_.take_spare();
  const auto got = work != nullptr ? ::recv(link.fd.get(), work->room.data(), work->room.size(), MSG_DONTWAIT) : -1;
  const int error = work != nullptr ? errno : ENOMEM;
  if (got > 0) {
    work->owner = &link;
    work->size = static_cast<std::size_t>(got);
    link.work = work.get();
    work->fiber.set_work([this, &link, at = work.get()] { converse(link, *at); });
    return go_on(turn, link, std::move(work));
  }
  if (work != nullptr) give_spare(turn, std::move(work));
  const bool nothing = got < 0 && (error == EAGAIN || error == EWOULDBLOCK || error == EINTR);
  if (!nothing) guarded([&] { link.talk->closed(got == 0 ? "closed by the peer" : std::strerror(error)); });
  settle(turn, link, nothing);
}

// A conversation's exception is the end of its connection, and of nothing else.
template <typename Talk>
void StreamLoop::guarded(Talk talk) {
  try {
    talk();
  } catch (const std::exception& failure) {
    Event("connection-exception").with("door", door_).with("reason", failure.what()).with("answer", "none, connection closed").to(log_, Severity::error);
  }
}

// On the work's own stack.
void StreamLoop::converse(Link& link, AsideWork& work) {
  work.keep = false;
  guarded([&] {
    work.keep = link.talk->received({work.room.data(), work.size}, link);
    link.heard = clock_.steady();  // before the peer can see the answer
    if (!work.keep) link.flush();
  });
}

void StreamLoop::go_on(Turn& turn, Link& link, std::unique_ptr<AsideWork> work) {
  turn.current = &link;
  link.aside = false;
  work = aside_.run(std::move(work));
  if (work == nullptr) {
    turn.current = nullptr;
    link.aside = true;
    return;
  }
  link.work = nullptr;
  const bool keep = work->keep && link.send_some();
  give_spare(turn, std::move(work));
  settle(turn, link, keep);
}

// What was set aside and goes on now. False: somebody else leads.
bool StreamLoop::serve_due(Turn& turn) {
  while (auto work = aside_.next_due()) {
    Link& link = *static_cast<Link*>(work->owner);
    go_on(turn, link, std::move(work));
    if (!turn.leading) return false;
  }
  return true;
}

void StreamLoop::give_spare(Turn& turn, std::unique_ptr<AsideWork> work) {
  if (turn.spare == nullptr) turn.spare = std::move(work);
  else if (turn.leading) aside_.give_spare(std::move(work));
}

void StreamLoop::settle(Turn& turn, Link& link, bool keep) {
  turn.current = nullptr;
  if (!keep) return close(turn, link);
  const bool writing = link.pending();
  if (writing && !link.writing) link.stuck = clock_.steady();
  if (turn.leading) {
    if (std::exchange(link.writing, writing) != writing || !link.watched) watch(link, link.watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      link.away = false;
      link.writing = writing;
      watch(link, EPOLL_CTL_ADD);  // last: the leader may have it at once
      return;
    }
  }
  close(turn, link);
}

void StreamLoop::close(Turn& turn, Link& link) {
  std::unique_ptr<Link> owned;
  {
    const std::lock_guard lock(mutex_);
    const auto found = links_.find(&link);
    owned = std::move(found->second);
    if (turn.leading) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, link.fd.get(), nullptr);
    links_.erase(found);
  }
  owned->talk.reset();  // may block: it gives charges back
  owned.reset();
  const std::lock_guard lock(mutex_);
  --stats_.open;
  changed_.notify_all();
}

// Connections whose peer has been silent for longer than their conversation has patience.
void StreamLoop::look_round(Turn& turn) {
  const auto now = clock_.steady();
  std::vector<Link*> silent;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [link, owned] : links_)
      if (!link->away && !link->aside &&
          (link->writing ? now - link->heard >= link->sending || now - link->stuck >= limits_.taking : now - link->heard >= link->talk->patience()))
        silent.push_back(link);
  }
  for (Link* link : silent) {
    turn.current = link;
    bool keep = false;
    if (!link->writing) guarded([&] { keep = link->talk->silent(*link); });
    link->heard = now;
    settle(turn, *link, keep && link->send_some());
    if (!turn.leading) return;
  }
}

// --- the end ---------------------------------------------------------------------------------------------------------

void StreamLoop::begin_stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  wake();
}

// All that nobody is at work for. The eventfd stays up until the last is closed: who takes the lead meanwhile goes on.
void StreamLoop::close_idle(Turn& turn) {
  for (;;) {
    Link* idle = nullptr;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [link, owned] : links_)
        if (!link->away && !link->aside) {
          idle = link;
          break;
        }
      if (idle == nullptr) {
        std::uint64_t value = 0;
        [[maybe_unused]] const auto got = ::read(wake_.get(), &value, sizeof value);
        return;
      }
    }
    close(turn, *idle);
    if (!turn.leading) return;
  }
}

bool StreamLoop::wait_closed(Deadline deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline.at(), [this] { return links_.empty(); });
}

void StreamLoop::cut() {
  const std::lock_guard lock(mutex_);
  for (const auto& [link, owned] : links_) ::shutdown(link->fd.get(), SHUT_RDWR);
}

void StreamLoop::join() {
  std::unique_lock lock(mutex_);
  if (threads_ > 0) changed_.wait(lock, [this] { return links_.empty(); });
  over_ = true;
  wake();
  lead_free_.notify_all();
  changed_.wait(lock, [this] { return threads_ == 0; });
}

}  // namespace mailweir
