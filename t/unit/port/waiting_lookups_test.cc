// SPDX-License-Identifier: BSD-2-Clause
// Lookups of conversations: hundreds wait with no thread of their own, for answers that come on another thread, each
// until its deadline; checks that ask again and again; libspf2, which does not wait itself.
#include <cstdio>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

#include "../fixture/dns_fixture.h"
#include "../fixture/temp_dir.h"
#include "adapter/libspf2/libspf2_engine.h"
#include "base/socket.h"
#include "base/stream_server.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;
using namespace mailweir::test;
using dns::Type;

// Threads of this process.
int threads() {
  FILE* status = std::fopen("/proc/self/status", "r");
  REQUIRE(status != nullptr);
  char line[256];
  int count = 0;
  while (std::fgets(line, sizeof line, status) != nullptr) std::sscanf(line, "Threads: %d", &count);
  std::fclose(status);
  return count;
}

// "NAME": its addresses, "late NAME": within 20 ms; "spf DOMAIN": what libspf2 says of it.
class Asker final : public Conversation {
 public:
  explicit Asker(dns::Resolver& resolver) : resolver_(resolver) {}
  bool received(std::string_view bytes, Output& out) override {
    const bool late = bytes.starts_with("late ");
    const auto lookups = Lookups::make(resolver_, Deadline::in(late ? 20ms : 20s));
    if (bytes.starts_with("spf ")) {
      SpfRequest request;
      request.client = *IpAddress::parse("192.0.2.7");
      request.domain = request.helo = std::string(bytes.substr(4));
      out.buffer() += to_string(make_libspf2_engine()->check(*lookups, request).word);
      return true;
    }
    const auto& answer = lookups->get({std::string(bytes.substr(late ? 5 : 0)), Type::A});
    out.buffer() += answer.records.empty() ? answer.detail : answer.records[0].address.to_string();
    return true;
  }
  void closed(std::string_view) override {}
  std::chrono::milliseconds patience() const override { return 50'000ms; }
  bool silent(Output&) override { return true; }

 private:
  dns::Resolver& resolver_;
};

struct Fixture {
  Fixture() {
    name.path = directory.path() + "/door";
    auto listener = listen_on(name, {}, 512);
    REQUIRE(listener);
    server = std::make_unique<StreamServer>("test", std::move(*listener), StreamLimits{}, system_clock(), log,
                                            [this] { return std::make_unique<Asker>(resolver); });
    server->start();
  }
  Fd asks(std::string_view what) {
    auto connection = connect_to(name, Deadline::in(5s));
    REQUIRE(connection);
    REQUIRE(::send(connection->get(), what.data(), what.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(what.size()));
    return std::move(*connection);
  }
  void wait_for(std::size_t asked) {
    const auto until = Deadline::in(20s);
    while (resolver.count() < asked && !until.over()) std::this_thread::yield();
    REQUIRE(resolver.count() == asked);
  }

  TempDir directory;
  SocketName name;
  NullLog log;
  HeldResolver resolver;
  std::unique_ptr<StreamServer> server;
};

std::string hear(const Fd& connection) {
  pollfd one{connection.get(), POLLIN, 0};
  REQUIRE(::poll(&one, 1, 20'000) == 1);
  char room[256];
  const auto got = ::recv(connection.get(), room, sizeof room, 0);
  return got > 0 ? std::string(room, static_cast<std::size_t>(got)) : std::string("closed");
}

dns::AnswerPtr text_answer(std::string_view text) {
  auto answer = std::make_shared<dns::Answer>();
  answer->status = dns::Answer::Status::ok;
  answer->records.push_back({Type::TXT, {}, std::string(text), 0});
  return answer;
}

TEST_CASE("lookups in a loop: hundreds wait with no thread of their own") {
  Fixture fixture;
  const int before = threads();
  constexpr std::size_t many = 500;
  std::vector<Fd> waiting;
  for (std::size_t i = 0; i < many; ++i) waiting.push_back(fixture.asks("n" + std::to_string(i) + ".example"));
  fixture.wait_for(many);
  CHECK(threads() == before);
  const Fd late = fixture.asks("late never.example");
  CHECK(hear(late) == "timeout");
  for (std::size_t i = many; i-- > 0;)  // this thread is the resolver's
    REQUIRE(fixture.resolver.answer("n" + std::to_string(i) + ".example",
                                    address_answer("192.0.2." + std::to_string(i % 250))));
  for (std::size_t i = 0; i < many; ++i) CHECK(hear(waiting[i]) == "192.0.2." + std::to_string(i % 250));
  CHECK(fixture.resolver.answer("never.example", address_answer("192.0.2.1")));  // what asked is gone
  CHECK(fixture.server->pool_threads() == 0);
}

TEST_CASE("lookups in a loop: a stop waits for those under way, at most until their deadline") {
  Fixture fixture;
  const Fd patient = fixture.asks("a.example"), late = fixture.asks("late b.example"), gone = fixture.asks("c.example");
  fixture.wait_for(3);
  std::thread stop([&] { fixture.server->stop(Deadline::in(20s)); });
  CHECK(hear(late) == "timeout");
  CHECK(fixture.resolver.answer("a.example", address_answer("192.0.2.1")));
  CHECK(hear(patient) == "192.0.2.1");
  CHECK(fixture.resolver.answer("c.example", dns::temperror("SERVFAIL")));
  stop.join();
  CHECK(hear(gone) == "SERVFAIL");
}

TEST_CASE("lookups in a loop: libspf2 is asked again when what it lacked has come") {
  Fixture fixture;
  const Fd one = fixture.asks("spf d.example");
  fixture.wait_for(1);
  CHECK(fixture.resolver.answer("d.example", text_answer("v=spf1 a:h.example include:i.example -all")));
  fixture.wait_for(2);
  CHECK(fixture.resolver.answer("h.example", address_answer("192.0.2.9")));
  fixture.wait_for(3);
  CHECK(fixture.resolver.answer("i.example", text_answer("v=spf1 ip4:192.0.2.7 -all")));
  CHECK(hear(one) == "pass");
  CHECK(fixture.server->pool_threads() == 0);
}

}  // namespace
}  // namespace mailweir
