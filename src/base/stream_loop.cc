// SPDX-License-Identifier: BSD-2-Clause
#include "base/stream_loop.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace mailweir {
namespace {

constexpr int served_before_a_flush = 16;      // so that who is asked has something to do meanwhile
constexpr std::size_t kept_buffer = 16 << 10;  // an output buffer that grew beyond is freed when it is empty

}  // namespace

// One connection. The loop's thread's alone.
struct StreamLoop::Link final : Conversation::Output {
  Link(StreamLoop& loop, Fd connection, std::unique_ptr<Conversation> conversation, SteadyTime now)
      : home(loop), fd(std::move(connection)), talk(std::move(conversation)), heard(now) {}

  StreamLoop& home;
  Fd fd;
  std::unique_ptr<Conversation> talk;  // nullptr: it has ended
  SteadyTime heard;                    // when it last said or took something
  SteadyTime stuck{};                  // pending: since when
  std::size_t sent = 0;                // of the buffer
  int error = 0;                       // how the peer left; 0: it closed
  bool watched = false;                // by epoll
  bool for_room = false;               // for room to send, not for bytes
  bool aside = false;                  // its work was set aside
  WaitingLoop::Wait* room = nullptr;   // that work waits for room to send
  Task task = nullptr;

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
  bool flush() override { return home.flush(*this); }
};

StreamLoop::StreamLoop(std::string door, StreamLimits limits, const Clock& clock, Log& log, StreamStats& stats,
                       BlockingPool& pool)
    : door_(std::move(door)), limits_(limits), clock_(clock), log_(log), stats_(stats),
      epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), aside_(epoll_.get(), pool) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll");
}

StreamLoop::~StreamLoop() {
  begin_stop();
  cut();
  join();
}

void StreamLoop::start() {
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& failure) {
    throw std::system_error(failure.code(), door_ + " door: cannot start a thread");
  }
}

void StreamLoop::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void StreamLoop::add(Fd connection, std::unique_ptr<Conversation> conversation) {
  auto made = std::make_unique<Link>(*this, std::move(connection), std::move(conversation), clock_.steady());
  Link& link = *made;
  const std::lock_guard lock(mutex_);
  links_.emplace(&link, std::move(made));
  watch(link, false);  // last: the loop may have it at once
  if (stopping_) wake();
}

void StreamLoop::watch(Link& link, bool for_room) {
  if (link.watched && link.for_room == for_room) return;
  epoll_event event{};
  event.events = for_room ? EPOLLOUT : EPOLLIN;
  event.data.ptr = &link;
  const int how = link.watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  link.watched = true;
  link.for_room = for_room;
  epoll_ctl(epoll_.get(), how, link.fd.get(), &event);
}

void StreamLoop::unwatch(Link& link) {
  if (std::exchange(link.watched, false)) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, link.fd.get(), nullptr);
}

void StreamLoop::run() {
  std::array<epoll_event, 64> ready;
  while (!over_) {
    aside_.flush();
    aside_.sweep();
    const auto patience = aside_.patience(limits_.look_round);
    const int count =
        epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), static_cast<int>(patience.count()));
    for (int i = 0, served = 0; i < count; ++i) {
      const auto& event = ready[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        std::uint64_t times = 0;
        [[maybe_unused]] const auto got = ::read(wake_.get(), &times, sizeof times);
      } else if (Aside::is_guest(event.data.u64)) {
        aside_.ready(event.data.u64);
      } else {
        serve(*static_cast<Link*>(event.data.ptr), event.events);
        if (++served % served_before_a_flush == 0) aside_.flush();
      }
    }
    while (auto work = aside_.next_due()) {
      Link& link = *static_cast<Link*>(work->owner);
      go_on(link, std::move(work));
    }
    if (stopping_) close_idle();
    else if (const auto now = clock_.steady(); now >= next_look_) {
      next_look_ = now + limits_.look_round;
      look_round();
    }
  }
}

// --- a connection ----------------------------------------------------------------------------------------------------

void StreamLoop::serve(Link& link, std::uint32_t events) {
  if (link.room != nullptr) return aside_.wake(*link.room);
  if (link.aside) return unwatch(link);  // it says more, or is gone, before it has its answer: that is heard then
  if (!link.for_room) return hear(link);
  link.heard = clock_.steady();
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return begin(link, &StreamLoop::end);
  settle(link);
}

// Reads once and lets the conversation answer.
void StreamLoop::hear(Link& link) {
  auto work = aside_.take_spare();
  const auto got = work != nullptr ? ::recv(link.fd.get(), work->room.data(), work->room.size(), MSG_DONTWAIT) : -1;
  const int error = work != nullptr ? errno : ENOMEM;
  if (got > 0) {
    work->size = static_cast<std::size_t>(got);
    return begin(link, std::move(work), &StreamLoop::converse);
  }
  if (got < 0 && (error == EAGAIN || error == EWOULDBLOCK || error == EINTR)) return aside_.give_spare(std::move(work));
  link.error = got == 0 ? 0 : error;
  begin(link, std::move(work), &StreamLoop::part);
}

void StreamLoop::begin(Link& link, Task task) { begin(link, aside_.take_spare(), task); }

// Without a stack there is no work: the connection is closed at once.
void StreamLoop::begin(Link& link, std::unique_ptr<AsideWork> work, Task task) {
  if (work == nullptr) return drop(link);
  link.task = task;
  work->owner = &link;
  work->fiber.set_work([this, at = work.get()] { perform(*at); });
  go_on(link, std::move(work));
}

// On the work's own stack. A conversation's exception is the end of its connection, and of nothing else. Its end may
// take time too: it gives charges back.
void StreamLoop::perform(AsideWork& work) {
  Link& link = *static_cast<Link*>(work.owner);
  try {
    if ((this->*link.task)(link, work)) return;
  } catch (const std::exception& failure) {
    Event("connection-exception")
        .with("door", door_)
        .with("reason", failure.what())
        .with("answer", "none, connection closed")
        .to(log_, Severity::error);
  }
  link.talk.reset();
}

bool StreamLoop::converse(Link& link, AsideWork& work) {
  const bool keep = link.talk->received({work.room.data(), work.size}, link);
  link.heard = clock_.steady();  // before the peer can see the answer
  if (!keep) link.flush();
  return keep;
}

bool StreamLoop::part(Link& link, AsideWork&) {
  link.talk->closed(link.error == 0 ? "closed by the peer" : std::strerror(link.error));
  return false;
}

bool StreamLoop::after_silence(Link& link, AsideWork&) { return link.talk->silent(link); }

void StreamLoop::go_on(Link& link, std::unique_ptr<AsideWork> work) {
  link.aside = false;
  work = aside_.run(std::move(work));
  if (work == nullptr) {
    link.aside = true;
    return;
  }
  aside_.give_spare(std::move(work));
  if (link.talk == nullptr) return drop(link);
  settle(link);
}

// Sends what it can of the answer, and waits for what comes next.
void StreamLoop::settle(Link& link) {
  if (!link.send_some()) return begin(link, &StreamLoop::end);
  if (link.pending() && !link.for_room) link.stuck = clock_.steady();
  watch(link, link.pending());
}

// From the work: until the peer has taken all. False: it did not in time, or is gone.
bool StreamLoop::flush(Link& link) {
  const auto until = Deadline::in(limits_.sending);
  for (;;) {
    if (!link.send_some()) return false;
    if (!link.pending()) return true;
    if (until.over()) return false;
    WaitingLoop::Wait wait;
    link.room = &wait;
    watch(link, true);
    aside_.set_aside(wait, until);
    link.room = nullptr;
    watch(link, false);
  }
}

void StreamLoop::drop(Link& link) {
  unwatch(link);
  std::unique_ptr<Link> owned;
  {
    const std::lock_guard lock(mutex_);
    const auto found = links_.find(&link);
    owned = std::move(found->second);
    links_.erase(found);
  }
  owned.reset();
  const std::lock_guard lock(mutex_);
  --stats_.open;
  changed_.notify_all();
}

// Connections whose peer has been silent for longer than their conversation has patience, or takes no answer.
void StreamLoop::look_round() {
  const auto now = clock_.steady();
  std::vector<Link*> silent;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [link, owned] : links_)
      if (!link->aside && (link->for_room ? now - link->heard >= limits_.sending || now - link->stuck >= limits_.taking
                                          : now - link->heard >= link->talk->patience()))
        silent.push_back(link);
  }
  for (Link* link : silent) {
    link->heard = now;
    begin(*link, link->for_room ? &StreamLoop::end : &StreamLoop::after_silence);
  }
}

// --- the end ---------------------------------------------------------------------------------------------------------

void StreamLoop::begin_stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  wake();
}

// All that no work is done for.
void StreamLoop::close_idle() {
  std::vector<Link*> idle;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [link, owned] : links_)
      if (!link->aside) idle.push_back(link);
  }
  for (Link* link : idle) begin(*link, &StreamLoop::end);
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
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return links_.empty(); });
  }
  over_ = true;
  wake();
  thread_.join();
}

}  // namespace mailweir
