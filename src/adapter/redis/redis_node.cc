// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_node.h"

#include <atomic>

#include "adapter/redis/redis_pipeline.h"
#include "adapter/redis/redis_script.h"
#include "base/blocking.h"
#include "base/text.h"

namespace mailweir {
namespace {

bool is_error(const Result<RedisReply>& reply) { return reply && reply->kind == RedisReply::Kind::error; }

// What our script says of a call that it came to too late.
bool is_void(const RedisReply& reply) { return reply.elements.size() == 2 && reply.elements[0].integer == -1; }

// After a cluster's ASK: what comes next is meant for a key that is on its way to this server.
Result<void> ask_first(RedisConnection& connection, bool asking, Deadline deadline) {
  const std::string_view words[] = {"ASKING"};
  if (!asking) return {};
  const auto asked = connection.command(words, deadline);
  return asked ? Result<void>() : asked.error();
}

// A pipeline is found by it: an address may be another node's later.
std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

RedisNode::RedisNode(RedisUrl url, std::size_t connections)
    : id_(next_id()), alive_(std::make_shared<char>()), pool_(std::move(url), connections) {}

RedisAnswer RedisNode::run(const RedisCall& call, bool asking, Deadline deadline) {
  for (bool again = false;; again = true) {
    RedisAnswer answer = run_once(call, asking, deadline);
    if (!answer.reply || answer.reply->kind != RedisReply::Kind::array) return answer;
    auto& elements = answer.reply->elements;
    if (!is_void(*answer.reply)) {
      if (call.tells_time() && !elements.empty()) {
        clock_.heard(elements.back().integer);
        elements.pop_back();
      }
      return answer;
    }
    clock_.set(elements[1].integer);  // was its clock set? Nothing has been done yet
    if (!again && !deadline.over()) continue;
    answer.reply = named(Error{"our call reached it too late and had no effect (is it overloaded?)", true});
    return answer;
  }
}

RedisAnswer RedisNode::run_once(const RedisCall& call, bool asking, Deadline deadline) {
  if (!asking && !deadline.over()) {
    if (auto reply = run_in_pipeline(call, deadline); reply && !(*reply && is_no_script(**reply)))
      return {*reply ? *std::move(reply) : named(reply->error()), true};
  }
  return with_connection(deadline,
                         [&](RedisConnection& connection) { return run_on(connection, call, asking, deadline); });
}

RedisAnswer RedisNode::command(const std::vector<std::string_view>& words, Deadline deadline, bool asking) {
  return with_connection(deadline, [&](RedisConnection& connection) -> Result<RedisReply> {
    if (auto asked = ask_first(connection, asking, deadline); !asked) return asked.error();
    return connection.command(words, deadline);
  });
}

// Where the caller's loop can set it aside: on the connection that all of that loop share.
std::optional<Result<RedisReply>> RedisNode::run_in_pipeline(const RedisCall& call, Deadline deadline) {
  WaitingLoop* loop = pool_.can_pipeline() ? waiting_loop() : nullptr;
  if (loop == nullptr) return std::nullopt;
  const std::string name = script_name_.with([](std::string& known) { return known; });
  if (name.empty()) return std::nullopt;
  auto* pipeline = static_cast<RedisPipeline*>(loop->guest(id_));
  if (pipeline == nullptr) {
    auto connection = pool_.take_idle();
    if (connection == nullptr || !connection->is_quiet()) return std::nullopt;
    auto made = std::make_unique<RedisPipeline>(std::move(connection), *loop, alive_);
    pipeline = made.get();
    if (!loop->add_guest(id_, std::move(made))) return std::nullopt;
  }
  if (!pipeline->takes_calls()) return std::nullopt;
  return pipeline->run(call, name, clock_.shows(deadline.at()), deadline);
}

Result<RedisReply> RedisNode::run_on(RedisConnection& connection, const RedisCall& call, bool asking,
                                     Deadline deadline) {
  std::string name = script_name_.with([](std::string& known) { return known; });
  if (name.empty()) {
    const std::string_view load[] = {"SCRIPT", "LOAD", redis_script};
    auto loaded = connection.command(load, deadline);
    if (!loaded || is_error(loaded)) return loaded;
    name = loaded->text;
    script_name_.with([&name](std::string& known) { known = name; });
  }
  if (!clock_.is_known()) {
    const std::string_view words[] = {"TIME"};
    const auto time = connection.command(words, deadline);
    if (!time || is_error(time)) return time;
    const auto part = [&time](std::size_t i) { return to_number(time->elements[i].text).value_or(0); };
    if (time->elements.size() == 2) clock_.set(static_cast<std::int64_t>(part(0) * 1000 + part(1) / 1000));
  }
  const std::int64_t ends = clock_.shows(deadline.at());
  if (auto asked = ask_first(connection, asking, deadline); !asked) return asked.error();
  auto reply = call.run(connection, "EVALSHA", name, ends, deadline);
  // It was restarted, or its scripts were flushed: nothing has run yet.
  if (reply && is_no_script(*reply)) {
    if (auto asked = ask_first(connection, asking, deadline); !asked) return asked.error();
    reply = call.run(connection, "EVAL", redis_script, ends, deadline);
  }
  return reply;
}

// A connection that was refused something is not used again: behind a name may be another server by now.
template <typename Use>
RedisAnswer RedisNode::with_connection(Deadline deadline, Use use) {
  RedisAnswer answer;
  if (deadline.over()) {
    answer.reply = Error{pool_.name() + ": not asked, no time was left", true};
    return answer;
  }
  auto connection = pool_.borrow(deadline);
  if (!connection) {
    answer.reply = named(connection.error());
    return answer;
  }
  answer.sent = true;
  answer.reply = use(**connection);
  if (!answer.reply) answer.reply = named(answer.reply.error());
  else if (!answer.is_error() || is_redirection(*answer.reply)) connection->keep();
  return answer;
}

}  // namespace mailweir
