// SPDX-License-Identifier: BSD-2-Clause
#include "policy_door/server.h"

#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/text.h"
#include "policy_door/conversation.h"
#include "policy_door/request.h"

namespace mailweir {
namespace {

constexpr std::chrono::milliseconds message_over{60'000};  // silence after which a message's line is written

bool send_all(int connection, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;  // the send time-out of the socket bounds the wait
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Whether there is something to read within the time.
bool readable(int connection, std::chrono::milliseconds wait) {
  pollfd one{connection, POLLIN, 0};
  int ready = 0;
  do ready = poll(&one, 1, static_cast<int>(wait.count()));
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

PolicyServer::PolicyServer(Fd listener, Limits limits, Services& services, const Snapshot<Policy>& policy)
    : listener_(std::move(listener)), wake_(eventfd(0, EFD_CLOEXEC)), limits_(limits), services_(services), policy_(policy) {}

PolicyServer::~PolicyServer() { stop(Deadline::in(std::chrono::seconds(1))); }

void PolicyServer::start() {
  acceptor_ = std::thread([this] { accept_all(); });
}

void PolicyServer::stop(Deadline deadline) {
  if (stopping_.exchange(true)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  if (acceptor_.joinable()) acceptor_.join();
  listener_.reset();
  std::unique_lock lock(mutex_);
  // A connection between two requests sees the end of its input; one at work answers first.
  for (const int connection : open_) shutdown(connection, SHUT_RD);
  if (!none_open_.wait_until(lock, deadline.at(), [this] { return open_.empty(); })) {
    for (const int connection : open_) shutdown(connection, SHUT_RDWR);
    none_open_.wait(lock, [this] { return open_.empty(); });
  }
}

void PolicyServer::accept_all() {
  while (!stopping_) {
    pollfd waits[2] = {{listener_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 && errno != EINTR) break;
    if (waits[1].revents != 0) break;
    if (waits[0].revents == 0) continue;
    Fd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) {
      // Out of descriptors: the others go on; give them time to end.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) readable(wake_.get(), std::chrono::milliseconds(50));
      continue;
    }
    ++stats_.connections;
    const timeval patience{5, 0};
    setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const timeval silence{message_over.count() / 1000, 0};
    setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    std::unique_lock lock(mutex_);
    if (open_.size() >= limits_.connections) {
      lock.unlock();
      // The first of a run and every hundredth after it: a flood must not fill the log too.
      if (stats_.refused++ % 100 == 0)
        Event("policy-connection-refused").with("reason", "max_connections are open").with("max", static_cast<std::int64_t>(limits_.connections))
            .to(services_.log, Severity::warning);
      continue;
    }
    open_.insert(connection.get());
    ++stats_.open;
    lock.unlock();
    try {
      std::thread([this, fd = connection.get()] { serve(Fd(fd)); }).detach();
      static_cast<void>(connection.release());
    } catch (const std::system_error& failure) {
      Event("policy-connection-refused").with("reason", failure.what()).to(services_.log, Severity::error);
      lock.lock();
      open_.erase(connection.get());
      --stats_.open;
    }
  }
}

void PolicyServer::log_bad(std::string_view why) {
  ++stats_.bad_requests;
  Event("bad-policy-request").with("reason", why).with("answer", "none, connection closed").to(services_.log, Severity::warning);
}

// Answers all whole requests that have come; false when the connection is to be closed.
bool PolicyServer::answer_all(int connection, PolicyConversation& conversation, PolicyRequestReader& reader) {
  for (;;) {
    auto request = reader.next();
    if (!request) {
      log_bad(request.error().what);
      return false;
    }
    if (!*request) return true;
    ++stats_.requests;
    std::string line = "action=";
    line += conversation.answer(**request);
    line += "\n\n";
    if (!send_all(connection, line)) return false;
  }
}

void PolicyServer::serve(Fd connection) {
  const int fd = connection.get();
  try {
    PolicyConversation conversation(services_, policy_);
    PolicyRequestReader reader;
    auto silent = std::chrono::milliseconds(0);
    while (!stopping_) {
      // The socket's own time-out ends a silent read: one system call less for each request than asking first.
      if (!reader.empty() && !readable(fd, limits_.partial)) {
        log_bad("the request stopped in the middle");
        break;
      }
      const auto [at, size] = reader.room();
      const auto got = ::read(fd, at, size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) {
        conversation.idle();
        silent += message_over;
        if (silent >= limits_.idle) break;
        continue;
      }
      if (got <= 0) {
        if (!reader.empty() && !stopping_) log_bad(got == 0 ? "the connection was closed in the middle of a request" : std::strerror(errno));
        break;
      }
      silent = std::chrono::milliseconds(0);
      reader.added(static_cast<std::size_t>(got));
      if (!answer_all(fd, conversation, reader)) break;
    }
  } catch (const std::exception& failure) {
    // No answer: Postfix uses its default action (a 451). The daemon lives.
    Event("policy-exception").with("reason", failure.what()).to(services_.log, Severity::error);
  }
  const std::lock_guard lock(mutex_);
  open_.erase(fd);
  connection.reset();
  --stats_.open;
  none_open_.notify_all();
}

}  // namespace mailweir
