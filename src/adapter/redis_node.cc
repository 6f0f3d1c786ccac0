// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis_node.h"

#include "adapter/redis_script.h"

namespace mailweir {
namespace {

bool is_error(const Result<RedisReply>& reply) { return reply && reply->kind == RedisReply::Kind::error; }

// A cluster's words about where a key is: the connection is as good as before.
bool is_redirection(const RedisReply& reply) {
  return reply.text.starts_with("MOVED ") || reply.text.starts_with("ASK ") || reply.text.starts_with("TRYAGAIN");
}

}  // namespace

RedisAnswer RedisNode::run(const RedisCall& call, bool asking, Deadline deadline) {
  return with_connection(deadline, [&](RedisConnection& connection) { return run_on(connection, call, asking, deadline); });
}

RedisAnswer RedisNode::command(const std::vector<std::string_view>& words, Deadline deadline) {
  return with_connection(deadline, [&](RedisConnection& connection) { return connection.command(words, deadline); });
}

Result<RedisReply> RedisNode::run_on(RedisConnection& connection, const RedisCall& call, bool asking, Deadline deadline) {
  std::string name = script_name_.with([](std::string& known) { return known; });
  if (name.empty()) {
    const std::string_view load[] = {"SCRIPT", "LOAD", redis_script};
    auto loaded = connection.command(load, deadline);
    if (!loaded || is_error(loaded)) return loaded;
    name = loaded->text;
    script_name_.with([&name](std::string& known) { known = name; });
  }
  const auto ask_first = [&]() -> Result<void> {
    const std::string_view words[] = {"ASKING"};
    if (!asking) return {};
    const auto asked = connection.command(words, deadline);
    return asked ? Result<void>() : asked.error();
  };
  if (auto asked = ask_first(); !asked) return asked.error();
  auto reply = call.run(connection, "EVALSHA", name, deadline);
  // It was restarted, or somebody flushed its scripts: nothing has run yet.
  if (is_error(reply) && reply->text.starts_with("NOSCRIPT")) {
    if (auto asked = ask_first(); !asked) return asked.error();
    reply = call.run(connection, "EVAL", redis_script, deadline);
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
