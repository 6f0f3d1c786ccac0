// SPDX-License-Identifier: BSD-2-Clause
// bench_socketmap [SECONDS]: lookups a second at the socketmap door, from 16 connections with one lookup outstanding on
// each, beside a floor that answers NOTFOUND to everything. Server and client are processes of their own. The policy
// has 1,000 routes with 100,000 senders, of which every second lookup finds one. Ends with 1 when an answer was wrong.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/socket.h"
#include "line.h"
#include "rule/way_maps.h"
#include "rule/ways_out.h"
#include "socketmap_door/netstring.h"
#include "socketmap_door/server.h"

namespace mailweir::bench {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

constexpr std::size_t connections = 16, routes = 1'000, senders = 100'000;
constexpr std::string_view not_found = "9:NOTFOUND ,";

class NoLog final : public Log {
 public:
  void write(Severity, std::string_view line) override {
    std::fprintf(stderr, "%.*s\n", int(line.size()), line.data());
  }
};

std::string sender(std::size_t number) { return "user" + std::to_string(number) + "@customer.example"; }

std::shared_ptr<const Policy> policy() {
  WaysOut ways;
  for (std::size_t i = 0; i < routes; ++i) {
    NamedRoute route;
    route.postfix = {"smtp-ip" + std::to_string(i) + ':'};
    for (std::size_t each = i; each < senders; each += routes) route.senders.entries.push_back(sender(each));
    ways.routes.push_back(std::move(route));
  }
  auto policy = std::make_shared<Policy>();
  policy->way_maps = std::make_shared<const WayMaps>(std::move(ways));
  return policy;
}

[[noreturn]] void serve_door(Fd listener) {
  const SystemClock clock;
  NoLog log;
  const Snapshot<Policy> with(policy());
  SocketmapServer server(std::move(listener), {}, clock, log, with);
  server.start();
  for (;;) pause();
}

void answer_all(Fd connection) {
  NetstringReader reader(4096);
  char bytes[4096];
  for (;;) {
    const auto got = ::recv(connection.get(), bytes, sizeof bytes, 0);
    if (got <= 0) return;
    std::string_view left(bytes, static_cast<std::size_t>(got));
    for (;;) {
      const auto next = reader.next(left);
      if (!next || !*next) break;
      if (::send(connection.get(), not_found.data(), not_found.size(), MSG_NOSIGNAL) < 0) return;
    }
  }
}

[[noreturn]] void serve_floor(Fd listener) {
  for (;;) {
    Fd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) std::thread(answer_all, std::move(connection)).detach();
  }
}

struct Rate {
  double a_second = 0, server_cpu = 0;  // seconds for 1,000
  bool good = true;
};

Rate ask(const SocketName& name, bool is_floor, duration<double> span) {
  struct Slot {
    Line line;
    std::string answer, want;
  };
  Poller poller;
  std::vector<Slot> slots(connections);
  std::uint64_t answered = 0, asked = 0;
  Rate rate;
  const auto next = [&](std::uint32_t number) {
    auto& slot = slots[number];
    const auto which = asked++ * 7919 % (2 * senders);  // every second is not there
    slot.answer.clear();
    slot.want.clear();
    if (which >= senders || is_floor) slot.want = not_found;
    else append_netstring(slot.want, "OK smtp-ip" + std::to_string(which % routes) + ':');
    std::string request;
    append_netstring(request, "transport " + sender(which));
    rate.good = slot.line.send(request, poller, number) && rate.good;
  };
  for (std::uint32_t i = 0; i < connections; ++i) {
    rate.good = slots[i].line.connect(name, poller, i) == Line::State::open && rate.good;
    next(i);
  }
  const auto begun = steady_clock::now();
  while (rate.good && steady_clock::now() - begun < span)
    for (const auto& event : poller.wait(std::chrono::milliseconds(100))) {
      auto& slot = slots[event.data.u32];
      slot.answer += slot.line.receive(rate.good);
      if (slot.answer.size() < slot.want.size() && rate.good) continue;
      rate.good = rate.good && slot.answer == slot.want;
      ++answered;
      next(event.data.u32);
    }
  rate.a_second = static_cast<double>(answered) / duration<double>(steady_clock::now() - begun).count();
  return rate;
}

double cpu_of_children() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) { return double(time.tv_sec) + double(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Rate measure(bool is_floor, duration<double> span) {
  char directory[] = "/tmp/mailweir-bench-XXXXXX";
  if (::mkdtemp(directory) == nullptr) std::exit(2);
  const auto path = std::string(directory) + "/map.sock";
  const auto name = SocketName::parse("unix:" + path);
  auto listener = listen_on(*name, {}, 64);
  if (!listener) std::exit(2);
  const double before = cpu_of_children();
  const pid_t server = ::fork();
  if (server == 0) {
    if (is_floor) serve_floor(std::move(*listener));
    serve_door(std::move(*listener));
  }
  listener->reset();
  ask(*name, is_floor, std::chrono::milliseconds(500));  // the policy is made, and its memory touched
  auto rate = ask(*name, is_floor, span);
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  rate.server_cpu = (cpu_of_children() - before) / (rate.a_second * span.count()) * 1000;
  ::unlink(path.c_str());
  ::rmdir(directory);
  return rate;
}

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  const std::chrono::duration<double> span(argc > 1 ? std::atof(argv[1]) : 5);
  if (span.count() <= 0) return 2;
  const auto floor = measure(true, span), door = measure(false, span);
  std::printf("\n| socketmap, %zu connections | lookups/s | CPU s/1000 | rate / floor |\n|---|--:|--:|--:|\n",
              connections);
  std::printf("| floor | %.0f | %.4f | |\n", floor.a_second, floor.server_cpu);
  std::printf("| mailweir | %.0f | %.4f | %.2f |\n", door.a_second, door.server_cpu, door.a_second / floor.a_second);
  if (!floor.good || !door.good) std::fprintf(stderr, "bench_socketmap: an answer was wrong\n");
  return floor.good && door.good ? 0 : 1;
}
