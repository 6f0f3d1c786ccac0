// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/scan_job.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

namespace mailweir {
namespace {

constexpr std::size_t most_at_once = 16 << 10;  // bytes of the message

}  // namespace

ScanJob::ScanJob(std::shared_ptr<ScanSetting> setting, std::shared_ptr<ScanFeed> feed, ScanEnvelope envelope)
    : setting_(std::move(setting)), feed_(std::move(feed)), envelope_(std::move(envelope)) {}

bool ScanJob::go_on(SteadyTime now) {
  if (round_.empty()) round_ = setting_->servers.round(now);
  while (!feed_->is_over()) {
    const auto trouble = try_server(now);
    if (trouble) give_up_server(*trouble, now);
    else if (!feed_->is_over()) return true;
  }
  fd_.reset();
  return false;
}

ScanJob::Trouble ScanJob::try_server(SteadyTime now) {
  if (!fd_)
    if (auto trouble = connect(now)) return trouble;
  if (connecting_)
    if (auto trouble = find_connected()) return trouble;
  if (!connecting_) {
    send(now);
    if (auto trouble = receive(now)) return trouble;
  }
  if (!feed_->is_over() && now >= due()) return what_is_late();
  return {};
}

ScanJob::Trouble ScanJob::connect(SteadyTime now) {
  protocol_ = setting_->protocol(envelope_);
  out_ = protocol_->opening();
  heard_.clear();
  taken_ = 0;
  all_sent_ = said_all_ = false;
  begun_ = progress_ = now;
  auto begun = begin_connect(setting_->servers.name(server()));
  if (!begun) return begun.error().what;
  fd_ = std::move(begun->fd);
  ++sockets_;
  connecting_ = begun->under_way;
  return {};
}

ScanJob::Trouble ScanJob::find_connected() {
  pollfd wait{fd_.get(), POLLOUT, 0};
  if (::poll(&wait, 1, 0) != 1) return {};
  connecting_ = false;
  if (const auto failed = connect_error(setting_->servers.name(server()), fd_.get()); !failed)
    return failed.error().what;
  return {};
}

// A server that takes no more may have said why: that is read next.
void ScanJob::send(SteadyTime now) {
  while (!all_sent_ && fill(now)) {
    const auto sent = ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (sent < 0) {
      out_.clear();
      all_sent_ = true;
      return;
    }
    progress_ = now;
    out_.erase(0, static_cast<std::size_t>(sent));
    if (!out_.empty()) continue;
    feed_->sent(taken_);
    if (!said_all_) continue;
    all_sent_ = true;
    if (protocol_->half_closes()) ::shutdown(fd_.get(), SHUT_WR);
  }
  if (out_.empty()) progress_ = now;
}

// Whether there is something to send.
bool ScanJob::fill(SteadyTime now) {
  if (!out_.empty()) return true;
  std::array<char, most_at_once> bytes;
  const auto taken = feed_->take(taken_, bytes, now);
  if (taken.count > 0) protocol_->wrap({bytes.data(), taken.count}, out_);
  taken_ += taken.count;
  if (taken.at_end) {
    out_ += protocol_->closing();
    said_all_ = true;
    if (out_.empty()) {
      all_sent_ = true;
      if (protocol_->half_closes()) ::shutdown(fd_.get(), SHUT_WR);
    }
  }
  return !out_.empty();
}

ScanJob::Trouble ScanJob::receive(SteadyTime now) {
  std::array<char, 4096> bytes;
  for (;;) {
    const auto got = ::recv(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
    if (got > 0) {
      heard_.append(bytes.data(), static_cast<std::size_t>(got));
      if (heard_.size() > protocol_->longest_answer()) return "its answer is too long";
    }
    if (auto trouble = heard(got <= 0, now)) return trouble;
    if (feed_->is_over()) {
      setting_->servers.answered(server());
      return {};
    }
    if (got <= 0) return "it closed the connection without an answer";
  }
}

ScanJob::Trouble ScanJob::heard(bool closed, SteadyTime now) {
  auto answer = protocol_->read(heard_, closed);
  if (!answer) return {};
  if (answer->status == ScanStatus::temperror) return std::move(answer->why);
  if (answer->status == ScanStatus::clean && !said_all_) return "it answered before the message had ended";
  feed_->answer(std::move(*answer), now);
  return {};
}

SteadyTime ScanJob::due() const {
  const auto& deadline = setting_->deadline;
  const auto left = static_cast<int>(may_try_next() ? round_.size() - place_in_round_ : 1);
  SteadyTime due = SteadyTime::max();
  if (const auto ended = feed_->ended()) {
    const auto from = std::max(begun_, *ended), answer_by = *ended + deadline;
    due = from + (answer_by - from) / left;
  } else if (wants_room()) {
    due = progress_ + deadline / left;
  }
  return connecting_ ? std::min(due, begun_ + connecting) : due;
}

std::string ScanJob::what_is_late() const {
  if (connecting_) return "it could not be connected to in time";
  return out_.empty() ? "it did not answer in time" : "it did not take the message in time";
}

void ScanJob::give_up_server(const std::string& why, SteadyTime now) {
  setting_->servers.failed(server(), why, now);
  fd_.reset();
  connecting_ = false;
  const auto ended = feed_->ended();
  const bool in_time = !ended || now < *ended + setting_->deadline;
  if (in_time && place_in_round_ + 1 < round_.size() && feed_->start_again()) {
    ++place_in_round_;
    return;
  }
  const std::string name = setting_->servers.name(server()).to_string();
  ScanAnswer answer;
  answer.why = why.starts_with(name) ? why : name + ": " + why;
  feed_->answer(std::move(answer), now);
}

}  // namespace mailweir
