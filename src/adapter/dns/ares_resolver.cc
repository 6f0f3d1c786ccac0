// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/dns/ares_resolver.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <ares.h>

#include "adapter/dns/ares_calls.h"
#include "adapter/dns/dns_decode.h"
#include "base/handle.h"
#include "base/port_number.h"
#include "base/text.h"

namespace mailweir {
namespace {

using dns::AnswerPtr;
using dns::Question;
using Done = std::function<void(AnswerPtr)>;

constexpr int udp_size = 1232;  // no fragments on any usual path
// How often c-ares may look for servers to ask again; deadlines do not depend on it.
constexpr std::chrono::milliseconds tick{50};
// Sent before answers are read again: more at a time than a socket's buffer holds answers would be lost.
constexpr std::size_t most_sent_at_once = 64;
constexpr int receive_buffer = 1 << 20;  // the kernel gives what rmem_max allows

struct Library {
  Library() : good(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS) {}
  ~Library() {
    if (good) ares_library_cleanup();
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  const bool good;
};

// As ares_set_servers_ports_csv wants them: "192.0.2.53:53,[2001:db8::53]:53"; "" for those of the system.
Result<std::string> parse_servers(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) {
    const auto wrong = [&](std::string_view why) {
      return Error{"DNS server \"" + cleaned(name, true, 100) + "\": " + std::string(why) +
                   "; write an address, ADDRESS:PORT or [IPv6 ADDRESS]:PORT"};
    };
    std::string_view host = name, port = "53";
    const bool one_colon = host.find(':') == host.rfind(':');
    if (host.starts_with('[') || (one_colon && host.find(':') != host.npos)) {
      const auto end = host.starts_with('[') ? host.find(']') : host.find(':');
      if (end == host.npos) return wrong("the ] is missing");
      const auto rest = host.substr(end + (host[end] == ']' ? 1 : 0));
      if (!rest.empty() && rest.front() != ':') return wrong("what follows the ] is not a port");
      if (!rest.empty()) port = rest.substr(1);
      host = host.starts_with('[') ? host.substr(1, end - 1) : host.substr(0, end);
    }
    const auto address = IpAddress::parse(host);
    if (!address) return wrong("not an IP address (a name cannot be looked up here)");
    const auto number = to_port(port);
    if (!number) return wrong("the port must be 1 to 65535");
    const auto text = address->to_string();
    if (!list.empty()) list += ',';
    list += (address->is_v4() ? text : '[' + text + ']') + ':' + std::to_string(*number);
  }
  return list;
}

// `by_tcp`: a server could not send all of it by UDP (RFC 7766 5).
std::string trouble_text(int status, bool by_tcp) {
  if (by_tcp && status == ARES_ETIMEOUT) return "the answer is truncated, and TCP timed out";
  if (by_tcp && status == ARES_ECONNREFUSED)
    return "the answer is truncated, and no server accepted the query over TCP";
  switch (status) {
    case ARES_ETIMEOUT: return "timeout";
    // What c-ares says when every server was tried and none gave an answer it accepts.
    case ARES_ECONNREFUSED: return "no server answered: unreachable, SERVFAIL or REFUSED";
    case ARES_EDESTRUCTION: return "shutting down";
    case ARES_EBADRESP: return "malformed answer";  // from 1.28 on it reads the answer before we do
    default: return ares_strerror(status);
  }
}

class AresResolver final : public dns::Resolver {
 public:
  explicit AresResolver(const AresConfig& config) : config_(config) {}
  ~AresResolver() override;
  Result<void> start();
  AnswerPtr ask(const Question& question, Deadline deadline, Done done) override;

 private:
  // A question. Owned by c-ares from ares_ask to its answer, which always comes. After its deadline it has no `due`
  // and no `done` any more, and only waits for c-ares to let it go.
  struct Flight final : AresAsker {
    Flight(AresResolver& resolver, const Question& asked, Deadline until, Done call)
        : home(resolver), question(asked), deadline(until), done(std::move(call)) {}
    void on_answer(int status, std::span<const unsigned char> message) override {
      home.on_answer(*this, status, message);
    }
    AresResolver& home;
    Question question;
    Deadline deadline;
    Done done;
    std::optional<std::multimap<SteadyTime, Flight*>::iterator> due;
    bool by_tcp = false;  // after a truncated answer
    std::string alias;    // asked instead of the question's name, when an answer ended with it
    int aliases = 0;      // so many answers did
    std::chrono::seconds ttl = std::chrono::seconds::max();  // the least of those aliases'
  };

  Result<AresChannel> open_channel(const std::string& servers, int flags);
  void run();
  void wake() const;
  void take_submitted();
  void send_some(std::size_t most);
  void send(std::unique_ptr<Flight> flight);
  bool ask_further(std::unique_ptr<Flight>& flight, std::span<const unsigned char> message, AnswerPtr& answer);
  void end_overdue();
  int milliseconds_to_wait() const;
  void finish(Flight& flight, AnswerPtr answer);
  void watch(int socket, bool readable, bool writable) const;
  void on_answer(Flight& flight, int status, std::span<const unsigned char> message);

  const AresConfig config_;
  const Library library_;
  Fd epoll_, event_;
  std::atomic<std::size_t> under_way_{0};  // all flights: submitted, not sent yet, with c-ares
  std::mutex mutex_;
  std::vector<std::unique_ptr<Flight>> submitted_;  // guarded by mutex_
  bool stopping_ = false;                           // guarded by mutex_
  std::multimap<SteadyTime, Flight*> due_;          // I/O thread only, as is all below
  std::deque<std::unique_ptr<Flight>> unsent_;
  AresChannel channel_, tcp_channel_;
  std::thread thread_;
};

AresResolver::~AresResolver() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
}

Result<AresChannel> AresResolver::open_channel(const std::string& servers, int flags) {
  ares_options options{};
  options.flags = flags | ARES_FLAG_EDNS;
  options.ednspsz = udp_size;
  options.timeout = static_cast<int>(config_.attempt.count());
  options.tries = config_.rounds;
  options.socket_receive_buffer_size = receive_buffer;
  options.sock_state_cb = [](void* self, ares_socket_t socket, int readable, int writable) {
    static_cast<AresResolver*>(self)->watch(socket, readable != 0, writable != 0);
  };
  options.sock_state_cb_data = this;
  int status = ARES_SUCCESS;
  auto channel = open_ares(options,
                           ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                               ARES_OPT_SOCK_STATE_CB | ARES_OPT_SOCK_RCVBUF,
                           status);
  if (channel == nullptr) return Error{std::string("DNS: c-ares: ") + ares_strerror(status)};
  if (!servers.empty()) {
    const int set = ares_set_servers_ports_csv(channel.get(), servers.c_str());
    if (set != ARES_SUCCESS) return Error{std::string("DNS: c-ares: servers: ") + ares_strerror(set)};
  }
  return channel;
}

Result<void> AresResolver::start() {
  if (!library_.good) return Error{"DNS: c-ares does not start"};
  auto servers = parse_servers(config_.servers);
  if (!servers) return servers.error();
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  event_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_ || !event_) return Error{std::string("DNS: epoll: ") + std::strerror(errno)};
  watch(event_.get(), true, false);

  // One server: its own word (SERVFAIL) reaches us. Several: c-ares goes on to the next one instead, and says at the
  // end only that none answered. What is truncated we ask again ourselves, by TCP, so that a closed port there can be
  // named.
  int flags = ARES_FLAG_NOCHECKRESP;
  auto channel = open_channel(*servers, flags | ARES_FLAG_IGNTC);
  if (!channel) return channel.error();
  const auto servers_known = ares_server_count(channel->get());
  if (servers_known == 0) return Error{"DNS: no server is known; name one in [dns] servers or in resolv.conf"};
  if (servers_known > 1) {
    flags = 0;
    channel = open_channel(*servers, flags | ARES_FLAG_IGNTC);
  }
  if (!channel) return channel.error();
  channel_ = std::move(*channel);
  auto tcp = open_channel(*servers, flags | ARES_FLAG_USEVC);
  if (!tcp) return tcp.error();
  tcp_channel_ = std::move(*tcp);

  sigset_t all, before;  // signals are the main thread's
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "dns");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return {};
}

AnswerPtr AresResolver::ask(const Question& question, Deadline deadline, Done done) {
  if (!dns::is_askable(question.name)) return dns::nxdomain("not a name that the DNS can have");
  if (deadline.over()) return dns::temperror("timeout");
  if (under_way_.fetch_add(1) >= config_.most_under_way) {
    --under_way_;
    return dns::temperror("too many DNS queries in progress");
  }
  auto flight = std::make_unique<Flight>(*this, question, deadline, std::move(done));
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) {
      --under_way_;
      return dns::temperror("shutting down");
    }
    first = submitted_.empty();
    submitted_.push_back(std::move(flight));
  }
  if (first) wake();
  return nullptr;
}

void AresResolver::wake() const {
  const std::uint64_t one = 1;
  // Cannot fail but by overflow, and then the thread is woken already.
  if (write(event_.get(), &one, sizeof one) < 0) return;
}

void AresResolver::watch(int socket, bool readable, bool writable) const {
  epoll_event wanted{};
  wanted.data.fd = socket;
  if (readable) wanted.events |= EPOLLIN;
  if (writable) wanted.events |= EPOLLOUT;
  if (wanted.events == 0) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket, nullptr);
  } else if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, socket, &wanted) != 0 && errno == ENOENT) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &wanted);
  }
}

void AresResolver::run() {
  for (;;) {
    epoll_event events[64];
    const int count = epoll_wait(epoll_.get(), events, 64, milliseconds_to_wait());
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == event_.get()) {
        std::uint64_t times = 0;
        if (read(fd, &times, sizeof times) < 0) continue;
      } else {
        const bool broken = (events[i].events & (EPOLLERR | EPOLLHUP)) != 0;
        for (auto* channel : {channel_.get(), tcp_channel_.get()})  // each knows its own
          ares_process_fd(channel, broken || (events[i].events & EPOLLIN) ? fd : ARES_SOCKET_BAD,
                          (events[i].events & EPOLLOUT) ? fd : ARES_SOCKET_BAD);
      }
    }
    for (auto* channel : {channel_.get(), tcp_channel_.get()})
      ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // asks silent servers again
    take_submitted();
    end_overdue();
    send_some(most_sent_at_once);
    std::lock_guard lock(mutex_);
    if (stopping_) break;
  }
  // None is left without its answer.
  take_submitted();
  send_some(unsent_.size());
  channel_.reset();
  tcp_channel_.reset();
}

int AresResolver::milliseconds_to_wait() const {
  if (!unsent_.empty()) return 0;
  if (under_way_ == 0) return -1;
  auto wait = tick;
  if (!due_.empty()) wait = std::min(wait, Deadline(due_.begin()->first).left());
  return static_cast<int>(wait.count());
}

void AresResolver::take_submitted() {
  std::vector<std::unique_ptr<Flight>> flights;
  {
    std::lock_guard lock(mutex_);
    flights.swap(submitted_);
  }
  for (auto& flight : flights) {
    flight->due = due_.emplace(flight->deadline.at(), flight.get());
    unsent_.push_back(std::move(flight));
  }
}

void AresResolver::send_some(std::size_t most) {
  for (; most > 0 && !unsent_.empty(); --most) {
    auto flight = std::move(unsent_.front());
    unsent_.pop_front();
    if (!flight->due) {  // its time was up before it could be sent
      --under_way_;
      continue;
    }
    send(std::move(flight));
  }
}

void AresResolver::send(std::unique_ptr<Flight> flight) {
  const auto& channel = flight->by_tcp ? tcp_channel_ : channel_;
  const std::string name = flight->alias.empty() ? flight->question.name : flight->alias;
  Flight& sent = *flight.release();
  ares_ask(channel.get(), name, static_cast<int>(sent.question.type), sent);
}

void AresResolver::end_overdue() {
  const auto now = std::chrono::steady_clock::now();
  while (!due_.empty() && due_.begin()->first <= now) {
    Flight& late = *due_.begin()->second;
    finish(late, dns::temperror(late.by_tcp ? trouble_text(ARES_ETIMEOUT, true) : "timeout"));
  }
}

// Gives the asker its answer, if it has none yet.
void AresResolver::finish(Flight& flight, AnswerPtr answer) {
  if (!flight.due) return;
  due_.erase(*flight.due);
  flight.due.reset();
  const auto done = std::exchange(flight.done, nullptr);
  done(std::move(answer));
}

// True: the message is not the end, and the flight is on its way again. Else `answer` is what came of it.
bool AresResolver::ask_further(std::unique_ptr<Flight>& flight, std::span<const unsigned char> message,
                               AnswerPtr& answer) {
  if (is_truncated(message) && !flight->by_tcp) {
    flight->by_tcp = true;
    send(std::move(flight));
    return true;
  }
  const Question asked{flight->alias.empty() ? flight->question.name : flight->alias, flight->question.type};
  auto decoded = decode_message(asked, message);
  flight->ttl = std::min(flight->ttl, decoded.answer.ttl);
  if (!decoded.alias.empty() && dns::is_askable(decoded.alias) && decoded.alias != asked.name) {
    if (++flight->aliases <= most_aliases) {
      flight->alias = std::move(decoded.alias);
      flight->by_tcp = false;
      send(std::move(flight));
      return true;
    }
    decoded.answer.detail = "CNAME loop, or more than " + std::to_string(most_aliases) + " in a row";
  }
  decoded.answer.ttl = flight->ttl;
  answer = std::make_shared<const dns::Answer>(std::move(decoded.answer));
  return false;
}

void AresResolver::on_answer(Flight& flight, int status, std::span<const unsigned char> message) {
  std::unique_ptr<Flight> owner(&flight);
  AnswerPtr answer;
  if (!message.empty() && flight.due) {
    if (ask_further(owner, message, answer)) return;
  } else if (status == ARES_ENOTFOUND) {  // c-ares asks no server for .onion (RFC 7686)
    answer = dns::nxdomain("not asked: not a name of the DNS");
  } else {
    answer = dns::temperror(trouble_text(status, flight.by_tcp));
  }
  --under_way_;
  finish(flight, std::move(answer));
}

}  // namespace

Result<std::unique_ptr<dns::Resolver>> make_ares_resolver(const AresConfig& config) {
  auto resolver = std::make_unique<AresResolver>(config);
  if (auto started = resolver->start(); !started) return started.error();
  return std::unique_ptr<dns::Resolver>(std::move(resolver));
}

}  // namespace mailweir
