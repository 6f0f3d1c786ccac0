// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_pipeline.h"

#include <utility>

namespace mailweir {

std::optional<Result<RedisReply>> RedisPipeline::run(const RedisCall& words, std::string_view script_name,
                                                     std::int64_t ends, Deadline deadline) {
  Call call;
  if (auto said = words.say(*connection_, "EVALSHA", script_name, ends); !said) {
    fail(said.error());
    return std::nullopt;
  }
  calls_.push_back({&call, std::chrono::steady_clock::now()});
  ++unsent_;
  loop_.set_aside(call.wait, deadline);
  // If it is done, this may be gone.
  if (!call.done) give_up(call);
  if (!call.sent) return std::nullopt;
  return std::move(call.reply);
}

// A call that is late.
void RedisPipeline::give_up(Call& call) {
  call.sent = true;
  call.reply = no_answer_in_time();
  for (Place& place : calls_) {
    if (place.call != &call) continue;
    place.call = nullptr;
    if (last_heard_ < place.began) fail(no_answer_in_time());
    return;
  }
}

void RedisPipeline::ready() {
  if (broken_) return;
  if (const auto received = connection_->receive_some(); !received) return fail(received.error());
  last_heard_ = std::chrono::steady_clock::now();
  for (;;) {
    auto reply = connection_->next();
    if (!reply) return fail(reply.error());
    if (!*reply) return;
    // A peer that speaks unasked says why it closes the connection, or is not a Redis server.
    if (calls_.size() == unsent_) return fail(Error{"it sent unexpected data", true});
    if ((*reply)->kind == RedisReply::Kind::error && !is_redirection(**reply) && !is_no_script(**reply))
      retiring_ = true;
    Call* call = calls_.front().call;
    calls_.pop_front();
    if (call != nullptr) finish(*call, std::move(**reply));
  }
}

bool RedisPipeline::flush() {
  if (broken_ || (unsent_ == 0 && !stuck_)) return true;
  // Idle until now: it may have been closed meanwhile, which is found out while nothing is lost yet.
  if (calls_.size() == unsent_ && !connection_->is_quiet()) {
    fail(Error{"closed while it was idle", true});
    return true;
  }
  for (std::size_t i = calls_.size() - unsent_; i < calls_.size(); ++i) {
    if (calls_[i].call != nullptr) calls_[i].call->sent = true;
  }
  unsent_ = 0;
  const auto sent = connection_->send_some();
  if (!sent) fail(sent.error());
  stuck_ = sent && !*sent;
  return !stuck_;
}

void RedisPipeline::finish(Call& call, Result<RedisReply> reply) {
  call.reply = std::move(reply);
  call.done = true;
  loop_.wake(call.wait);
}

void RedisPipeline::fail(const Error& error) {
  broken_ = true;
  unsent_ = 0;
  for (const Place& place : std::exchange(calls_, {})) {
    if (place.call != nullptr) finish(*place.call, error);
  }
}

}  // namespace mailweir
