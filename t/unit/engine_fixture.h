// SPDX-License-Identifier: BSD-2-Clause
// For tests of the engine: a policy from its TOML text, names from a zone text, counters in memory on a clock that the
// test moves, a log that remembers its lines, and sessions filled as a door fills them.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/counters/memory_counters.h"
#include "adapter/workshop/make_workshop.h"
#include "config/load.h"
#include "dns_fixture.h"
#include "engine/session.h"
#include "mail/domain.h"
#include "mail/headers.h"
#include "temp_dir.h"

namespace mailweir::test {

inline constexpr std::string_view milter_only = "[milter]\nsocket = \"inet:10025@127.0.0.1\"\n";
inline constexpr std::string_view policy_only = "[policy]\nsocket = \"inet:10026@127.0.0.1\"\n";
// Both doors; the stages, "\"rcpt\", \"data\"", are the policy door's.
inline std::string both_doors(std::string_view stages) {
  return std::string(milter_only) + std::string(policy_only) + "stages = [" + std::string(stages) + "]\n";
}

inline std::shared_ptr<Policy> load_policy(const std::string& text) {
  TempDir directory;
  write_file(directory / "mailweir.toml", text);
  static const SystemClock clock;
  Loaded loaded = load(directory / "mailweir.toml", make_workshop(clock));
  std::string errors;
  for (const auto& error : loaded.errors) errors += '\n' + error;
  REQUIRE_MESSAGE(loaded.policy != nullptr, errors);
  return loaded.policy;
}

class LineLog final : public Log {
 public:
  struct Line {
    Severity severity;
    std::string text;
  };
  void write(Severity severity, std::string_view line) override { lines.push_back({severity, std::string(line)}); }
  // The lines of one event, oldest first.
  std::vector<std::string> of(std::string_view event) const {
    std::vector<std::string> found;
    for (const auto& line : lines)
      if ((line.text + ' ').find("event=" + std::string(event) + ' ') != std::string::npos) found.push_back(line.text);
    return found;
  }
  std::vector<Line> lines;
};

// Answers from a zone and remembers what it was asked. Of a domain that is silent, if one is, no answer comes.
class CountingResolver final : public dns::Resolver {
 public:
  explicit CountingResolver(std::string_view text) : zone_(zone(text)) {}
  dns::AnswerPtr ask(const dns::Question& question, Deadline deadline, std::function<void(dns::AnswerPtr)> done) override {
    asked.push_back(question.name + ' ' + std::string(dns::to_string(question.type)));
    if (!silent.empty() && is_at_or_below(question.name, silent)) return held_.ask(question, deadline, std::move(done));
    return zone_->ask(question, deadline, std::move(done));
  }
  std::vector<std::string> asked;
  std::string silent;

 private:
  std::unique_ptr<dns::Resolver> zone_;
  HeldResolver held_;
};

// A store that is down.
class FailingCounters final : public CounterStore {
 public:
  Result<Charged> charge(std::span<const Charge>, Deadline) override { return Error{"redis: connection refused", true}; }
  Result<void> give_back(std::span<const Charge>, const Receipt&, Deadline) override { return Error{"redis: connection refused", true}; }
  Result<void> renew(std::span<const Charge>, Deadline) override { return {}; }
  Result<std::vector<CounterRow>> list(const CounterQuery&, Deadline) override { return std::vector<CounterRow>(); }
  Result<std::size_t> reset(std::string_view, std::string_view, Deadline) override { return Error{"redis: connection refused", true}; }
  Result<bool> block(const Block&, bool, Deadline) override { return Error{"redis: connection refused", true}; }
  Result<bool> unblock(std::string_view, std::string_view, Deadline) override { return Error{"redis: connection refused", true}; }
  Result<std::vector<Block>> blocks(std::size_t, Deadline) override { return Error{"redis: connection refused", true}; }
};

struct Mail {
  std::string client = "192.0.2.7", helo = "client.example.org", sender = "alice@example.com", login;
  std::vector<std::string> recipients{"bob@example.net"};
};

class Engine {
 public:
  // With `down` the counter store fails at everything.
  explicit Engine(const std::string& text, std::string_view zone_text = "", bool down = false)
      : resolver(zone_text), memory(make_memory_counters({}, clock)), leases(store(down)), policy(load_policy(text)),
        services{resolver, store(down), log, clock, leases, board, stats} {}

  std::unique_ptr<Session> session(Door door, const Mail& mail = {}) {
    auto made = std::make_unique<Session>(services, policy, door);
    Client& client = made->client();
    client.address = IpAddress::parse(mail.client);
    client.port = 40000;
    client.helo_name = mail.helo;
    return made;
  }
  // A session in a transaction, its recipients taken.
  std::unique_ptr<Session> message(Door door, const Mail& mail = {}) {
    auto made = session(door, mail);
    begin(*made, mail);
    return made;
  }
  void begin(Session& session, const Mail& mail = {}) {
    session.begin_transaction(policy);
    Transaction& transaction = session.transaction();
    transaction.sender = Address::parse(mail.sender);
    transaction.sasl_username = mail.login;
    transaction.recipient_count = mail.recipients.size();
    transaction.recipient = mail.recipients.size() == 1 ? Address::parse(mail.recipients.front()) : Address();
    transaction.size = 2000;
  }
  // What is counted under a limit's name, for one key or for all.
  std::uint64_t counted(const std::string& limit, const std::string& key = {}) {
    const auto rows = memory->list({limit, key, 1000}, Deadline::in(std::chrono::seconds(1)));
    REQUIRE(static_cast<bool>(rows));
    std::uint64_t sum = 0;
    for (const auto& row : *rows) sum += row.count;
    return sum;
  }

  ManualClock clock;
  CountingResolver resolver;
  FailingCounters failing;
  std::unique_ptr<MemoryCounters> memory;
  LineLog log;
  StageBoard board;
  EngineStats stats;
  Leases leases;
  std::shared_ptr<Policy> policy;
  Services services;

 private:
  CounterStore& store(bool down) { return down ? static_cast<CounterStore&>(failing) : *memory; }
};

inline std::string rule_of(const Verdict& verdict) { return verdict.rule == nullptr ? "-" : verdict.rule->name; }

inline std::string names_of(const std::vector<const Rule*>& rules) {
  std::string names;
  for (const auto* rule : rules) names += (names.empty() ? "" : " ") + rule->name;
  return names;
}

}  // namespace mailweir::test
