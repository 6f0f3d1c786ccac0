// SPDX-License-Identifier: BSD-2-Clause
#include "base/stream_server.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace mailweir {
namespace {

constexpr std::size_t most_blocked = 16;  // threads

// A loop for each processor: what they do between two waits is work.
std::size_t loop_count() { return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 16); }

}  // namespace

StreamServer::StreamServer(std::string door, Fd listener, StreamLimits limits, const Clock& clock, Log& log,
                           Maker maker)
    : door_(std::move(door)), listener_(std::move(listener)), wake_(eventfd(0, EFD_CLOEXEC)), limits_(limits),
      clock_(clock), log_(log), maker_(std::move(maker)), pool_(most_blocked) {
  for (std::size_t i = 0; i < loop_count(); ++i)
    loops_.push_back(std::make_unique<StreamLoop>(door_, limits_, clock, log_, stats_, pool_));
}

StreamServer::~StreamServer() { stop(Deadline::in(std::chrono::seconds(1))); }

void StreamServer::start() {
  for (auto& loop : loops_) loop->start();
  acceptor_ = std::thread([this] { accept_all(); });
}

void StreamServer::stop_accepting() {
  if (!accepting_.exchange(false)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  if (acceptor_.joinable()) acceptor_.join();
  listener_.reset();
}

void StreamServer::stop(Deadline deadline) {
  stop_accepting();
  for (auto& loop : loops_) loop->begin_stop();
  for (auto& loop : loops_)
    if (!loop->wait_closed(deadline)) loop->cut();
  for (auto& loop : loops_) loop->join();
}

void StreamServer::accept_all() {
  while (accepting_) {
    pollfd waits[2] = {{listener_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 && errno != EINTR) break;
    if (waits[1].revents != 0) break;
    if (waits[0].revents != 0) accept_one();
  }
}

// Once a minute: it is tried again twenty times a second.
void StreamServer::tell_not_accepted(int error) {
  const auto now = clock_.steady();
  if (told_not_accepted_ && now - *told_not_accepted_ < std::chrono::minutes(1)) return;
  told_not_accepted_ = now;
  Event("accept-failed")
      .with("door", door_)
      .with("reason", std::strerror(error))
      .with("open", static_cast<std::int64_t>(stats_.open.load()))
      .with("what", "new connections wait until others end")
      .to(log_, Severity::error);
}

void StreamServer::accept_one() {
  Fd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection) {
    // Out of descriptors: the others go on; give them time to end.
    if (const int error = errno; error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS) {
      tell_not_accepted(error);
      pollfd stop{wake_.get(), POLLIN, 0};
      poll(&stop, 1, 50);
    }
    return;
  }
  ++stats_.connections;
  if (stats_.open >= limits_.connections) {
    // The first of a run and every hundredth after it: a flood must not fill the log too.
    if (stats_.refused++ % 100 == 0)
      Event("connection-refused")
          .with("door", door_)
          .with("reason", "max_connections are open")
          .with("max", static_cast<std::int64_t>(limits_.connections))
          .to(log_, Severity::warning);
    return;
  }
  if (limits_.memory != nullptr && limits_.memory->full()) {
    ++stats_.refused;
    if (const auto left_out = limits_.memory->line_due(clock_.steady()))
      Event("memory-full")
          .with("door", door_)
          .with("of", "connect")
          .with("used", static_cast<std::int64_t>(limits_.memory->used()))
          .with("most", static_cast<std::int64_t>(limits_.memory->most()))
          .with("left_out", static_cast<std::int64_t>(*left_out))
          .with("done", "closed")
          .to(log_, Severity::warning);
    return;
  }
  ++stats_.open;
  try {
    loops_[next_]->add(std::move(connection), maker_());
    next_ = (next_ + 1) % loops_.size();
  } catch (const std::exception& failure) {
    Event("connection-refused").with("door", door_).with("reason", failure.what()).to(log_, Severity::error);
    --stats_.open;
  }
}

}  // namespace mailweir
