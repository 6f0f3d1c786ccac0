// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <hiredis/hiredis.h>

#include "config.h"

#ifdef HAVE_HIREDIS_SSL
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#endif

#include "base/blocking.h"
#include "base/handle.h"
#include "base/ip.h"
#include "base/text.h"

namespace mailweir {
namespace {

using std::chrono::microseconds;

// A server that is near answers before its thread could do much else (base/blocking.h): the switch costs more than the
// wait. So the first wait is on the socket itself, this long; then, or at once when the fastest of the last answers
// took longer than `near`, the caller is set aside.
constexpr microseconds first_wait{1000}, near{400};
constexpr unsigned answers_in_a_sample = 32;

constexpr int most_reads = 4096;  // of 16 KiB, for one answer
constexpr std::string_view timed_out = "no answer in time (is it overloaded, stopped, or cut off?)";

struct Advice {
  std::string_view word, advice;
  bool temporary = true;  // false: of this key alone, the server is well
};
// The first word that stands in the error decides.
constexpr Advice advices[] = {
    {"NOAUTH", "it requires a password: add it to the URL, redis://user:password@host, or set counters.password_file"},
    {"unauthenticated",
     "it requires a password: add it to the URL, redis://user:password@host, or set counters.password_file"},
    {"WRONGPASS",
     "the user or the password is wrong: correct them in the URL, or counters.user and counters.password_file"},
    {"invalid password", "the password is wrong: correct it in the URL, or in counters.password_file"},
    {"without any password", "it has no password: remove it from the URL"},
    {"NOPERM",
     "the user in the URL needs the right to EVAL, EVALSHA, SCRIPT, SCAN, TIME and to read and write our keys"},
    {"READONLY", "it is a replica: name the primary, or the sentinels (redis+sentinel://)"},
    {"LOADING", "it is loading its data: wait"},
    {"MASTERDOWN", "it is a replica that has lost its primary: name the primary"},
    {"OOM", "its memory is full: raise maxmemory there (maxmemory-policy noeviction, so that no counter is dropped)"},
    {"MISCONF", "it cannot save to its disk and accepts no writes: see its log"},
    {"NOREPLICAS", "it has too few replicas to accept writes: see min-replicas-to-write there"},
    {"BUSY", "another client's long script is running there"},
    {"DB index", "it has no such database: change the number in the URL, or databases there"},
    {"max number of clients", "it has too many clients: raise maxclients there"},
    {"WRONGTYPE", "a key with our prefix belongs to another program: choose another prefix or database", false},
    {"unknown command", "it is too old or lacks scripts: Redis 5 or newer, or Valkey, is needed"},
    {"CLUSTERDOWN", "the cluster does not serve all its slots: see CLUSTER INFO there"},
    {"TRYAGAIN", "the cluster is moving this counter: wait"},
    {"CROSSSLOT", "it is a cluster: name it redis+cluster://host,host"},
    {"MOVED", "it is a cluster: name it redis+cluster://host,host"},
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
      reply.elements.reserve(raw.elements);
      for (std::size_t i = 0; i < raw.elements; ++i) reply.elements.push_back(to_value(*raw.element[i]));
      break;
    default: break;
  }
  return reply;
}

#ifdef HAVE_HIREDIS_SSL
CPtr<SSL_CTX, SSL_CTX_free> make_tls() {
  CPtr<SSL_CTX, SSL_CTX_free> tls(SSL_CTX_new(TLS_client_method()));
  if (tls == nullptr || SSL_CTX_set_default_verify_paths(tls.get()) != 1) return nullptr;
  SSL_CTX_set_min_proto_version(tls.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(tls.get(), SSL_VERIFY_PEER, nullptr);
  return tls;
}
#endif

class HiredisConnection final : public RedisConnection {
 public:
  // Takes the socket over.
  explicit HiredisConnection(Fd fd) : context_(redisConnectFd(fd.get())) {
    if (context_ == nullptr) return;
    const timeval patience{0, first_wait.count()};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
    context_->flags &= ~REDIS_BLOCK;  // a wait of the socket's that ends is no error
    fd.release();
  }
  bool is_made() const { return context_ != nullptr; }

#ifdef HAVE_HIREDIS_SSL
  // The certificate must be good for the host's name (or address), by the system's list of authorities.
  Result<void> start_tls(const std::string& host) {
    static const CPtr<SSL_CTX, SSL_CTX_free> tls = make_tls();
    CPtr<SSL, SSL_free> session(tls == nullptr ? nullptr : SSL_new(tls.get()));
    if (session == nullptr) return Error{"TLS cannot be set up: out of memory, or no certificate authorities", true};
    const bool is_address = IpAddress::parse(host).has_value();
    const bool named = is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session.get()), host.c_str()) == 1
                                  : SSL_set1_host(session.get(), host.c_str()) == 1 &&
                                        SSL_set_tlsext_host_name(session.get(), host.c_str()) == 1;
    if (!named) return Error{"TLS: " + host + " is not a name that a certificate can have", true};
    if (redisInitiateSSL(context_.get(), session.get()) != REDIS_OK) return broken();
    session.release();  // the context frees it
    return {};
  }
#endif

  Result<void> add(std::span<const std::string_view> words) override {
    texts_.clear();
    sizes_.clear();
    for (const std::string_view word : words) {
      texts_.push_back(word.data() == nullptr ? "" : word.data());
      sizes_.push_back(word.size());
    }
    const int count = static_cast<int>(words.size());
    if (redisAppendCommandArgv(context_.get(), count, texts_.data(), sizes_.data()) != REDIS_OK) return broken();
    return {};
  }

  Result<RedisReply> command(std::span<const std::string_view> words, Deadline deadline) override {
    if (auto added = add(words); !added) return added.error();
    const SteadyTime start = std::chrono::steady_clock::now();
    for (int done = 0; done == 0;) {
      if (redisBufferWrite(context_.get(), &done) != REDIS_OK) return broken();
      if (done == 0 && !wait_for_socket(context_->fd, true, deadline)) return late();
    }
    if (fastest_ >= near && !wait_for_socket(context_->fd, false, deadline)) return late();
    for (int reads = 0; reads < most_reads; ++reads) {
      if (redisBufferRead(context_.get()) != REDIS_OK) return broken();
      void* raw = nullptr;
      if (redisGetReplyFromReader(context_.get(), &raw) != REDIS_OK) return broken();
      if (raw != nullptr) {
        const CPtr<void, freeReplyObject> owner(raw);
        note(std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - start));
        return to_value(*static_cast<const redisReply*>(raw));
      }
      if (!wait_for_socket(context_->fd, false, deadline)) return late();
    }
    return Error{"its answer is too long; is it a Redis server?", true};
  }

  bool is_quiet() const override {
    pollfd look{context_->fd, POLLIN, 0};
    return context_->err == 0 && poll(&look, 1, 0) == 0;
  }

  int fd() const override { return context_->fd; }
  Result<bool> send_some() override {
    no_waits();
    int done = 0;
    if (redisBufferWrite(context_.get(), &done) != REDIS_OK) return broken();
    return done != 0;
  }
  Result<void> receive_some() override {
    no_waits();
    if (redisBufferRead(context_.get()) != REDIS_OK) return broken();
    return {};
  }
  Result<std::optional<RedisReply>> next() override {
    void* raw = nullptr;
    if (redisGetReplyFromReader(context_.get(), &raw) != REDIS_OK) return broken();
    if (raw == nullptr) return std::optional<RedisReply>();
    const CPtr<void, freeReplyObject> owner(raw);
    return std::optional(to_value(*static_cast<const redisReply*>(raw)));
  }

 private:
  void no_waits() {
    if (!std::exchange(waitless_, true)) fcntl(context_->fd, F_SETFL, fcntl(context_->fd, F_GETFL) | O_NONBLOCK);
  }

  Error broken() const { return Error{"connection lost: " + cleaned(context_->errstr, true, 120), true}; }
  static Error late() { return no_answer_in_time(); }

  // How fast it can be, of the last answers: what a busy machine adds is no distance.
  void note(microseconds took) {
    sample_ = std::min(sample_, took);
    if (++answers_ % answers_in_a_sample != 0) return;
    fastest_ = sample_;
    sample_ = microseconds::max();
  }

  CPtr<redisContext, redisFree> context_;
  std::vector<const char*> texts_;  // of the command being added
  std::vector<std::size_t> sizes_;
  bool waitless_ = false;
  unsigned answers_ = 0;
  microseconds sample_ = microseconds::max(), fastest_{0};
};

// Tries the addresses in turn; each has its share of the time that is left.
Result<Fd> connect(const SocketName& server, HostLookup& hosts, Deadline deadline) {
  if (server.kind == SocketName::Kind::unix_path) return connect_to(server, deadline);
  const auto addresses = hosts.addresses(deadline);
  if (!addresses) return addresses.error();
  Result<Fd> fd = Error{};
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    SocketName address = server;
    address.host = (*addresses)[i];
    fd = connect_to(address, Deadline::in(deadline.left() / (addresses->size() - i)));
    if (fd) break;
  }
  return fd;
}

// Says one command; what the server refuses is an Error.
Result<RedisReply> say(RedisConnection& connection, std::vector<std::string_view> words, Deadline deadline) {
  auto reply = connection.command(words, deadline);
  if (reply && reply->kind == RedisReply::Kind::error) return to_error(*reply);
  return reply;
}

}  // namespace

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const RedisUrl& url, HostLookup& hosts, Login login,
                                                               Deadline deadline) {
  auto fd = connect(url.socket(), hosts, deadline);
  if (!fd) return Error{"cannot connect: " + fd.error().what + " (is it running, and is this its address?)", true};
  auto connection = std::make_unique<HiredisConnection>(std::move(*fd));
  if (!connection->is_made()) return Error{"out of memory", true};
#ifdef HAVE_HIREDIS_SSL
  if (url.tls) {
    if (auto started = connection->start_tls(url.socket().host); !started) return started.error();
  }
#endif
  if (login == Login::no) return std::unique_ptr<RedisConnection>(std::move(connection));
  if (!url.password.empty()) {
    const auto reply = url.user.empty() ? say(*connection, {"AUTH", url.password}, deadline)
                                        : say(*connection, {"AUTH", url.user, url.password}, deadline);
    if (!reply) return reply.error();
  }
  if (url.database != 0) {
    const std::string database = std::to_string(url.database);
    const auto reply = say(*connection, {"SELECT", database}, deadline);
    if (!reply) return reply.error();
  }
  return std::unique_ptr<RedisConnection>(std::move(connection));
}

Error no_answer_in_time() { return Error{std::string(timed_out), true}; }

bool is_redirection(const RedisReply& reply) {
  return reply.text.starts_with("MOVED ") || reply.text.starts_with("ASK ") || reply.text.starts_with("TRYAGAIN");
}
bool is_no_script(const RedisReply& reply) {
  return reply.kind == RedisReply::Kind::error && reply.text.starts_with("NOSCRIPT");
}

Error to_error(const RedisReply& refused) {
  std::string what = "it answers \"" + cleaned(refused.text, true, 160) + '"';
  for (const Advice& advice : advices) {
    if (refused.text.find(advice.word) != refused.text.npos)
      return Error{what + ": " + std::string(advice.advice), advice.temporary};
  }
  return Error{what, true};
}

}  // namespace mailweir
