// SPDX-License-Identifier: BSD-2-Clause
#include "base/stream_server.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace mailweir {
namespace {

// A loop for each processor: what they do between two waits is work.
std::size_t loop_count() { return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 16); }

}  // namespace

StreamServer::StreamServer(std::string door, Fd listener, StreamLimits limits, const Clock& clock, Log& log, Maker maker)
    : door_(std::move(door)), listener_(std::move(listener)), wake_(eventfd(0, EFD_CLOEXEC)), limits_(limits), log_(log),
      maker_(std::move(maker)) {
  for (std::size_t i = 0; i < loop_count(); ++i) loops_.push_back(std::make_unique<StreamLoop>(door_, limits_, clock, log_, stats_));
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

void StreamServer::accept_one() {
  Fd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection) {
    // Out of descriptors: the others go on; give them time to end.
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
      pollfd stop{wake_.get(), POLLIN, 0};
      poll(&stop, 1, 50);
    }
    return;
  }
  ++stats_.connections;
  if (stats_.open >= limits_.connections) {
    // The first of a run and every hundredth after it: a flood must not fill the log too.
    if (stats_.refused++ % 100 == 0)
      Event("connection-refused").with("door", door_).with("reason", "max_connections are open").with("max", static_cast<std::int64_t>(limits_.connections))
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
