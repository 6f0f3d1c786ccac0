// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis_connection.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>

#include <hiredis/hiredis.h>

#include "base/handle.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr int most_reads = 4096;  // of 16 KiB, for one answer
constexpr std::string_view timed_out = "no answer in time (is it overloaded, stopped, or cut off?)";

struct Advice {
  std::string_view word, advice;
};
// The first word that stands in the error decides.
constexpr Advice advices[] = {
    {"NOAUTH", "it wants a password: write it into the URL, redis://user:password@host"},
    {"WRONGPASS", "the user or the password in the URL is wrong"},
    {"invalid password", "the password in the URL is wrong"},
    {"without any password", "it has no password: take it out of the URL"},
    {"NOPERM", "the user in the URL needs the right to EVAL, EVALSHA, SCRIPT, SCAN, TIME and to read and write our keys"},
    {"READONLY", "it is a replica: name the primary"},
    {"LOADING", "it is loading its data: wait"},
    {"MASTERDOWN", "it is a replica that has lost its primary: name the primary"},
    {"OOM", "its memory is full: raise maxmemory there (maxmemory-policy noeviction, so that no counter is dropped)"},
    {"MISCONF", "it cannot save to its disk and takes no writes: look at its log"},
    {"NOREPLICAS", "it has too few replicas to take writes: look at min-replicas-to-write there"},
    {"BUSY", "a long script of somebody else is running there"},
    {"DB index", "it has no such database: change the number in the URL, or databases there"},
    {"max number of clients", "it has too many clients: raise maxclients there"},
    {"WRONGTYPE", "a key with our prefix is somebody else's: choose another prefix or database"},
    {"unknown command", "it is too old or lacks scripts: Redis 5 or newer, or Valkey, is needed"},
    {"CROSSSLOT", "it is a cluster: name a single server"},
    {"MOVED", "it is a cluster: name a single server"},
};

RedisReply to_value(const redisReply& raw) {
  RedisReply reply;
  switch (raw.type) {
    case REDIS_REPLY_INTEGER:
      reply.kind = RedisReply::Kind::integer;
      reply.integer = raw.integer;
      break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      reply.kind = RedisReply::Kind::text;
      reply.text.assign(raw.str, raw.len);
      break;
    case REDIS_REPLY_ERROR:
      reply.kind = RedisReply::Kind::error;
      reply.text.assign(raw.str, raw.len);
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = RedisReply::Kind::array;
      for (std::size_t i = 0; i < raw.elements; ++i) reply.elements.push_back(to_value(*raw.element[i]));
      break;
    default: break;
  }
  return reply;
}

class HiredisConnection final : public RedisConnection {
 public:
  // Takes the socket over.
  explicit HiredisConnection(Fd fd) : context_(redisConnectFd(fd.get())) {
    if (context_ == nullptr) return;
    fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
    context_->flags &= ~REDIS_BLOCK;
    fd.release();
  }
  bool is_made() const { return context_ != nullptr; }

  Result<RedisReply> command(std::span<const std::string_view> words, Deadline deadline) override {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string_view word : words) {
      texts.push_back(word.data() == nullptr ? "" : word.data());
      sizes.push_back(word.size());
    }
    if (redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(), sizes.data()) != REDIS_OK)
      return broken();
    for (int done = 0; done == 0;) {
      if (redisBufferWrite(context_.get(), &done) != REDIS_OK) return broken();
      if (done == 0 && !wait(POLLOUT, deadline)) return late();
    }
    for (int reads = 0; reads < most_reads; ++reads) {
      void* raw = nullptr;
      if (redisGetReplyFromReader(context_.get(), &raw) != REDIS_OK) return broken();
      if (raw != nullptr) {
        const CPtr<void, freeReplyObject> owner(raw);
        return to_value(*static_cast<const redisReply*>(raw));
      }
      if (!wait(POLLIN, deadline)) return late();
      if (redisBufferRead(context_.get()) != REDIS_OK) return broken();
    }
    return Error{"its answer is too long; is it a Redis server?", true};
  }

  bool is_quiet() const override {
    pollfd look{context_->fd, POLLIN, 0};
    return context_->err == 0 && poll(&look, 1, 0) == 0;
  }

 private:
  Error broken() const { return Error{"connection lost: " + cleaned(context_->errstr, true, 120), true}; }
  static Error late() { return Error{std::string(timed_out), true}; }

  bool wait(short events, Deadline deadline) const {
    pollfd waited{context_->fd, events, 0};
    int ready = 0;
    do ready = poll(&waited, 1, static_cast<int>(deadline.left().count()));
    while (ready < 0 && errno == EINTR);
    return ready > 0;
  }

  CPtr<redisContext, redisFree> context_;
};

// Tries the addresses in turn; each has its share of the time that is left.
Result<Fd> connect(const RedisUrl& url, HostLookup& hosts, Deadline deadline) {
  if (url.socket.kind == SocketName::Kind::unix_path) return connect_to(url.socket, deadline);
  const auto addresses = hosts.addresses(deadline);
  if (!addresses) return addresses.error();
  Result<Fd> fd = Error{};
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    SocketName address = url.socket;
    address.host = (*addresses)[i];
    fd = connect_to(address, Deadline::in(deadline.left() / (addresses->size() - i)));
    if (fd) break;
  }
  return fd;
}

}  // namespace

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const RedisUrl& url, HostLookup& hosts, Deadline deadline) {
  auto fd = connect(url, hosts, deadline);
  if (!fd) return Error{"cannot connect: " + fd.error().what, true};
  auto connection = std::make_unique<HiredisConnection>(std::move(*fd));
  if (!connection->is_made()) return Error{"out of memory", true};

  const std::string database = std::to_string(url.database);
  std::vector<std::vector<std::string_view>> commands;
  if (!url.user.empty()) commands.push_back({"AUTH", url.user, url.password});
  else if (!url.password.empty()) commands.push_back({"AUTH", url.password});
  if (url.database != 0) commands.push_back({"SELECT", database});
  for (const auto& words : commands) {
    const auto reply = connection->command(words, deadline);
    if (!reply) return reply.error();
    if (reply->kind == RedisReply::Kind::error) return to_error(*reply);
  }
  return std::unique_ptr<RedisConnection>(std::move(connection));
}

Error to_error(const RedisReply& refused) {
  std::string what = "it answers \"" + cleaned(refused.text, true, 160) + '"';
  for (const Advice& advice : advices) {
    if (refused.text.find(advice.word) != refused.text.npos) return Error{what + ": " + std::string(advice.advice), true};
  }
  return Error{what, true};
}

}  // namespace mailweir
