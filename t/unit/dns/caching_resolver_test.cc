// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/dns/caching_resolver.h"

#include <atomic>
#include <condition_variable>
#include <thread>

#include "../fixture/dns_fixture.h"
#include "adapter/dns/answer_cache.h"

using namespace mailweir;
using namespace mailweir::test;
using namespace std::chrono_literals;
using dns::Answer;
using dns::AnswerPtr;
using dns::Type;

namespace {

const dns::Question question{"mx.example.com", Type::A};

AnswerPtr negative(Answer::Status status, std::chrono::seconds ttl) {
  auto answer = std::make_shared<Answer>();
  answer->status = status;
  answer->ttl = ttl;
  return answer;
}

struct Cache {
  explicit Cache(CacheConfig config = {}) {
    auto owned = std::make_unique<HeldResolver>();
    behind = owned.get();
    resolver = make_caching_resolver(std::move(owned), clock, config);
  }
  // Asks, lets the server say `answer`, and tells whether the server was asked.
  bool asks_server(const dns::Question& what, AnswerPtr answer) {
    const auto before = behind->count();
    const auto got = resolver->ask(what, Deadline::in(5s), [](AnswerPtr) {});
    if (!got) behind->answer(what.name, std::move(answer));
    return behind->count() > before;
  }
  ManualClock clock;
  HeldResolver* behind = nullptr;
  std::unique_ptr<CachingResolver> resolver;
};

// Collects what askers are told, and lets the test wait for it.
class Told {
 public:
  std::function<void(AnswerPtr)> ear() {
    return [this](AnswerPtr answer) {
      std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
      more_.notify_all();
    };
  }
  std::vector<AnswerPtr> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    more_.wait_for(lock, 10s, [&] { return answers_.size() >= count; });
    return answers_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<AnswerPtr> answers_;
};

}  // namespace

TEST_CASE("cache: how long an answer is kept") {
  struct Row {
    const char* label;
    AnswerPtr answer;
    std::chrono::seconds want;
  };
  const Row rows[] = {
      {"its ttl", address_answer("192.0.2.1", 60s), 60s},
      {"ttl 0 is raised", address_answer("192.0.2.1", 0s), 1s},
      {"a week is cut", address_answer("192.0.2.1", 604'800s), 86'400s},
      {"nxdomain", negative(Answer::Status::nxdomain, 30s), 30s},
      {"nodata", negative(Answer::Status::nodata, 30s), 30s},
      {"nxdomain for a day is cut", negative(Answer::Status::nxdomain, 86'400s), 900s},
      {"nxdomain without SOA", negative(Answer::Status::nxdomain, 0s), 1s},
      {"trouble", dns::temperror("SERVFAIL"), 3s},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    Cache cache;
    CHECK(cache.asks_server(question, row.answer));
    cache.clock.advance(row.want - 1ms);
    const auto kept = cache.resolver->ask(question, Deadline::in(5s), [](AnswerPtr) { FAIL("must be at hand"); });
    CHECK(kept == row.answer);
    CHECK(cache.resolver->stats().entries == 1);
    cache.clock.advance(1ms);
    CHECK(cache.asks_server(question, row.answer));
    CHECK(cache.resolver->stats().hits == 1);
    CHECK(cache.resolver->stats().misses == 2);
  }
}

TEST_CASE("cache: one question at the servers however many ask") {
  Cache cache;
  Told told;
  constexpr int threads = 8, each = 50;
  std::atomic<int> at_once{0};
  std::vector<std::thread> askers;
  for (int i = 0; i < threads; ++i)
    askers.emplace_back([&] {
      for (int k = 0; k < each; ++k)
        if (cache.resolver->ask(question, Deadline::in(20s), told.ear())) ++at_once;
    });
  for (auto& asker : askers) asker.join();
  CHECK(cache.behind->count() == 1);
  CHECK(at_once == 0);
  const auto answer = address_answer("192.0.2.1");
  CHECK(cache.behind->answer(question.name, answer));
  const auto answers = told.wait_for(threads * each);
  CHECK(answers.size() == threads * each);
  for (const auto& got : answers) CHECK(got == answer);
  const auto& stats = cache.resolver->stats();
  CHECK(stats.misses == 1);
  CHECK(stats.joined == threads * each - 1);
  CHECK(cache.resolver->ask({"mx.example.com", Type::AAAA}, Deadline::in(5s), [](AnswerPtr) {}) == nullptr);
  CHECK(cache.behind->count() == 2);  // another type is another question
}

TEST_CASE("cache: each asker's deadline is its own, and a late answer serves the next") {
  Cache cache;
  Told patient, hasty;
  const auto soon = Deadline::in(30ms);
  CHECK_FALSE(cache.resolver->ask(question, Deadline::in(20s), patient.ear()));
  CHECK_FALSE(cache.resolver->ask(question, soon, hasty.ear()));
  const auto told = hasty.wait_for(1);
  REQUIRE(told.size() == 1);
  CHECK(soon.over());
  CHECK(told[0]->detail == "timeout");
  CHECK(cache.resolver->stats().timeouts == 1);

  const auto answer = address_answer("192.0.2.1");
  CHECK(cache.behind->answer(question.name, answer));
  CHECK(patient.wait_for(1).at(0) == answer);
  CHECK(hasty.wait_for(1).size() == 1);
  CHECK(cache.resolver->ask(question, Deadline::in(5s), [](AnswerPtr) {}) == answer);

  // One whose time is up already is told at once, unless the answer is there.
  CHECK(cache.resolver->ask(question, Deadline(), [](AnswerPtr) {}) == answer);
  const auto late = cache.resolver->ask({"other.example", Type::A}, Deadline(), [](AnswerPtr) { FAIL("told twice"); });
  REQUIRE(late);
  CHECK(late->detail == "timeout");
  CHECK(cache.behind->count() == 1);
}

TEST_CASE("cache: the servers get more time than a hasty asker") {
  CacheConfig config;
  config.patience = 8s;
  Cache cache(config);
  const auto before = std::chrono::steady_clock::now();
  Told told;
  CHECK_FALSE(cache.resolver->ask(question, Deadline::in(10ms), told.ear()));
  REQUIRE(cache.behind->count() == 1);
  CHECK(cache.behind->asked[0].deadline.at() >= before + 8s);
  CHECK(told.wait_for(1).size() == 1);
  CHECK(cache.asks_server({"later.example", Type::A}, address_answer("192.0.2.1")));
}

TEST_CASE("cache: an answer at hand behind it is passed on and kept") {
  ManualClock clock;
  const auto resolver = make_caching_resolver(zone("mx.example.com A 192.0.2.1"), clock);
  const auto first = resolver->ask(question, Deadline::in(5s), [](AnswerPtr) { FAIL("told twice"); });
  REQUIRE(first);
  CHECK(resolver->ask(question, Deadline::in(5s), [](AnswerPtr) {}) == first);
  CHECK(resolver->stats().hits == 1);
}

TEST_CASE("cache: bounded at the servers") {
  CacheConfig config;
  config.most_under_way = 10;
  Cache cache(config);
  for (int i = 0; i < 10; ++i)
    CHECK_FALSE(
        cache.resolver->ask({"n" + std::to_string(i) + ".example", Type::A}, Deadline::in(5s), [](AnswerPtr) {}));
  const auto refused = cache.resolver->ask(question, Deadline::in(5s), [](AnswerPtr) { FAIL("told twice"); });
  REQUIRE(refused);
  CHECK(refused->detail == "too many DNS queries in progress");
  CHECK(cache.resolver->stats().refused == 1);
  CHECK(cache.behind->answer("n3.example", address_answer("192.0.2.1")));
  CHECK(cache.asks_server(question, address_answer("192.0.2.1")));
}

TEST_CASE("cache: bounded in entries over all shards") {
  CacheConfig config;
  config.most_entries = 160;
  Cache cache(config);
  for (int i = 0; i < 5'000; ++i)
    cache.asks_server({"n" + std::to_string(i) + ".example", Type::A}, address_answer("192.0.2.1"));
  const auto& stats = cache.resolver->stats();
  CHECK(stats.entries <= 160);
  CHECK(stats.entries >= 120);
  CHECK(stats.evicted == 5'000 - stats.entries);
}

TEST_CASE("cache: what is forgotten is asked again, and nothing else") {
  const auto ok = address_answer("192.0.2.7", 3600s), none = negative(Answer::Status::nxdomain, 3600s),
             empty = negative(Answer::Status::nodata, 3600s);
  struct Kept {
    const char* name;
    AnswerPtr answer;
  };
  const Kept kept[] = {{"mx.example.com", ok},
                       {"_dmarc.mx.example.com", none},
                       {"notmx.example.com", empty},
                       {"example.com", ok},
                       {"other.test", dns::temperror("SERVFAIL")}};
  struct Row {
    const char* label;
    std::function<std::size_t(CachingResolver&)> forget;
    std::size_t want;
    std::vector<bool> asked;  // of `kept`, each
  };
  const Row rows[] = {
      {"nothing", [](CachingResolver&) { return std::size_t{0}; }, 0, {false, false, false, false, false}},
      {"a name and what is below it",
       [](CachingResolver& cache) { return cache.forget("mx.example.com"); },
       2,
       {true, true, false, false, false}},
      {"a domain",
       [](CachingResolver& cache) { return cache.forget("example.com"); },
       4,
       {true, true, true, true, false}},
      {"a name that is not there",
       [](CachingResolver& cache) { return cache.forget("nowhere.test"); },
       0,
       {false, false, false, false, false}},
      {"all", [](CachingResolver& cache) { return cache.forget(""); }, 5, {true, true, true, true, true}},
      {"failures", [](CachingResolver& cache) { return cache.forget_failures(); }, 3, {false, true, true, false, true}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    Cache cache;
    for (const auto& one : kept) CHECK(cache.asks_server({one.name, Type::A}, one.answer));
    CHECK(row.forget(*cache.resolver) == row.want);
    CHECK(cache.resolver->stats().entries == std::size(kept) - row.want);
    for (std::size_t i = 0; i < std::size(kept); ++i) {
      CAPTURE(kept[i].name);
      CHECK(cache.asks_server({kept[i].name, Type::A}, kept[i].answer) == row.asked[i]);
    }
  }
}

TEST_CASE("cache: an answer that was under way when its name was forgotten is told and not kept") {
  for (const bool forgotten : {false, true}) {
    CAPTURE(forgotten);
    Cache cache;
    Told told;
    CHECK(cache.resolver->ask(question, Deadline::in(5s), told.ear()) == nullptr);
    if (forgotten) CHECK(cache.resolver->forget("example.com") == 0);
    REQUIRE(cache.behind->answer(question.name, address_answer("192.0.2.7")));
    CHECK(told.wait_for(1).size() == 1);
    CHECK(cache.asks_server(question, address_answer("192.0.2.8")) == forgotten);
  }
}

TEST_CASE("cache: the askers of a cache that ends are told") {
  Told told;
  {
    Cache cache;
    CHECK_FALSE(cache.resolver->ask(question, Deadline::in(20s), told.ear()));
  }
  CHECK(told.wait_for(1).at(0)->detail == "shutting down");
}

TEST_CASE("answer cache: the least recently used leaves first") {
  const SteadyTime now{1s};
  const auto keep = [&](AnswerCache& cache, const char* name, AnswerPtr answer) {
    return cache.keep({name, Type::A}, std::move(answer), now, now + 60s);
  };
  AnswerCache cache(3, 1 << 20);
  for (const char* name : {"a.example", "b.example", "c.example"})
    CHECK(keep(cache, name, address_answer("192.0.2.1")) == 0);
  CHECK(cache.find({"a.example", Type::A}, now));
  CHECK(keep(cache, "d.example", address_answer("192.0.2.1")) == 1);
  CHECK(cache.find({"a.example", Type::A}, now));
  CHECK_FALSE(cache.find({"b.example", Type::A}, now));
  CHECK(keep(cache, "d.example", address_answer("192.0.2.2")) == 0);  // replaced
  CHECK(cache.size() == 3);

  auto large = std::make_shared<Answer>();
  large->status = Answer::Status::ok;
  large->records.resize(1);
  large->records[0].text.assign(40'000, 'x');
  AnswerCache narrow(1'000, 100'000);
  for (const char* name : {"a.example", "b.example", "c.example", "d.example"}) keep(narrow, name, large);
  CHECK(narrow.size() == 2);
  large->records[0].text.assign(200'000, 'x');
  CHECK(keep(narrow, "e.example", large) == 0);  // larger than all the room
  CHECK(narrow.size() == 2);
}
