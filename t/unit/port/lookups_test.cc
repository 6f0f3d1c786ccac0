// SPDX-License-Identifier: BSD-2-Clause
#include <thread>

#include "../fixture/dns_fixture.h"
#include "check/iprev.h"

using namespace mailweir;
using namespace mailweir::test;
using namespace std::chrono_literals;
using dns::Type;

namespace {

dns::AnswerPtr names_answer(std::initializer_list<const char*> names) {
  auto answer = std::make_shared<dns::Answer>();
  answer->status = dns::Answer::Status::ok;
  for (const char* name : names) {
    dns::Record record;
    record.type = Type::PTR;
    record.text = name;
    answer->records.push_back(record);
  }
  return answer;
}

const IpAddress client = *IpAddress::parse("192.0.2.1");
const dns::Question slow{"slow.example", Type::A};

}  // namespace

TEST_CASE("lookups: an answer is pinned and timed") {
  HeldResolver resolver;
  const auto lookups = Lookups::make(resolver, Deadline::in(5s));
  lookups->want(slow);
  lookups->want(slow);
  CHECK(resolver.count() == 1);
  CHECK(lookups->trace().at(0).answer == nullptr);
  resolver.answer("slow.example", address_answer("192.0.2.1"));
  const auto& first = lookups->get(slow);
  CHECK(first.records.at(0).address.to_string() == "192.0.2.1");
  CHECK(&first == &lookups->get(slow));
  CHECK(resolver.count() == 1);
  const auto trace = lookups->trace();
  REQUIRE(trace.size() == 1);
  CHECK(trace[0].question == slow);
  CHECK(trace[0].answer.get() == &first);
  CHECK_FALSE(trace[0].cached);

  const auto at_hand = zone("slow.example A 192.0.2.2");
  const auto cached = Lookups::make(*at_hand, Deadline::in(5s));
  CHECK(cached->get(slow).records.at(0).address.to_string() == "192.0.2.2");
  CHECK(cached->trace().at(0).cached);
}

TEST_CASE("lookups: the wait ends at the deadline, and what was late stays late") {
  HeldResolver resolver;
  const auto deadline = Deadline::in(50ms);
  const auto lookups = Lookups::make(resolver, deadline);
  const auto& got = lookups->get(slow);
  CHECK(deadline.over());
  CHECK(got.status == dns::Answer::Status::temperror);
  CHECK(got.detail == "timeout");
  CHECK(resolver.answer("slow.example", address_answer("192.0.2.1")));
  CHECK(&lookups->get(slow) == &got);
  // A renewed deadline is for what is asked from then on.
  lookups->renew(Deadline::in(5s));
  CHECK(&lookups->get(slow) == &got);
  lookups->want({"other.example", Type::A});
  CHECK(resolver.asked.back().deadline.at() > deadline.at());
  CHECK(resolver.answer("other.example", address_answer("192.0.2.2")));
  CHECK(lookups->get({"other.example", Type::A}).status == dns::Answer::Status::ok);
}

TEST_CASE("lookups: an answer may come when the transaction is gone") {
  HeldResolver resolver;
  const auto held = std::make_shared<int>(1);
  auto lookups = Lookups::make(resolver, Deadline::in(5s));
  lookups->prefetch([held](Lookups& early) { early.get(slow); });
  CHECK(held.use_count() == 2);
  const std::weak_ptr<Lookups> gone = lookups;
  lookups.reset();
  CHECK(gone.expired());
  CHECK(held.use_count() == 1);  // the parked check went with it
  CHECK(resolver.answer("slow.example", address_answer("192.0.2.1")));
}

TEST_CASE("lookups: prefetch goes on as answers arrive, in whatever order") {
  struct Row {
    std::vector<const char*> arrivals;
    const char* label;
  };
  const Row rows[] = {{{"1.2.0.192.in-addr.arpa", "a.example", "b.example"}, "in order"},
                      {{"1.2.0.192.in-addr.arpa", "b.example", "a.example"}, "siblings turned round"}};
  for (const auto& row : rows) {
    CAPTURE(row.label);
    HeldResolver resolver;
    const auto lookups = Lookups::make(resolver, Deadline::in(5s));
    AuthResult early;
    int runs = 0;
    lookups->prefetch([&](Lookups& some) {
      ++runs;
      early = iprev(some, client);
    });
    CHECK(resolver.count() == 1);
    CHECK(resolver.answer(row.arrivals[0], names_answer({"a.example", "b.example"})));
    CHECK(resolver.count() == 3);  // both names are asked at once
    CHECK(early.reason.empty());
    for (std::size_t i = 1; i < 3; ++i)
      CHECK(resolver.answer(row.arrivals[i], address_answer(row.arrivals[i][0] == 'b' ? "192.0.2.1" : "192.0.2.9")));
    CHECK(early.word == AuthWord::pass);
    CHECK(runs <= 4);
    const auto waited = iprev(*lookups, client);  // has all it needs
    CHECK(waited.word == AuthWord::pass);
    CHECK(resolver.count() == 3);
  }
}

TEST_CASE("lookups: an answer between a check's throw and its parking is not missed") {
  HeldResolver resolver;
  const auto lookups = Lookups::make(resolver, Deadline::in(5s));
  int runs = 0;
  bool through = false;
  lookups->prefetch([&](Lookups& early) {
    ++runs;
    try {
      early.get(slow);
      through = true;
    } catch (const NotYet&) {
      resolver.answer("slow.example", address_answer("192.0.2.1"));  // comes at the worst moment
      throw;
    }
  });
  CHECK(runs == 2);
  CHECK(through);
}

TEST_CASE("lookups: a check that breaks while run early breaks nothing") {
  HeldResolver resolver;
  const auto lookups = Lookups::make(resolver, Deadline::in(5s));
  int runs = 0;
  const auto check = [&](Lookups& some) {
    ++runs;
    some.get(slow);
    throw std::runtime_error("broken check");
  };
  lookups->prefetch(check);
  CHECK(resolver.answer("slow.example", address_answer("192.0.2.1")));
  CHECK(runs == 2);
  CHECK_THROWS_AS(check(*lookups), std::runtime_error);
}

TEST_CASE("lookups: a parked check is let go when its answer is given up") {
  HeldResolver resolver;
  const auto lookups = Lookups::make(resolver, Deadline::in(20ms));
  std::string detail;
  lookups->prefetch([&](Lookups& early) { detail = early.get(slow).detail; });
  CHECK(detail.empty());
  lookups->get(slow);
  CHECK(detail == "timeout");
}

TEST_CASE("lookups: bounded") {
  HeldResolver resolver;
  const auto lookups = Lookups::make(resolver, Deadline::in(20ms));
  for (std::size_t i = 0; i < 2 * Lookups::most_questions; ++i)
    lookups->want({"n" + std::to_string(i) + ".example", Type::A});
  CHECK(resolver.count() == Lookups::most_questions);
  const auto& refused = lookups->get({"another.example", Type::A});
  CHECK(refused.status == dns::Answer::Status::temperror);
  CHECK(refused.detail == "more than 400 lookups for one transaction");
  std::string early;
  lookups->prefetch([&](Lookups& some) { early = some.get({"another.example", Type::A}).detail; });
  CHECK(early == refused.detail);
  CHECK(lookups->get({"n0.example", Type::A}).detail == "timeout");
}

TEST_CASE("lookups: two threads wait for the same answers while a third brings them") {
  HeldResolver resolver;
  constexpr int names = 200;
  const auto lookups = Lookups::make(resolver, Deadline::in(20s));
  const auto name = [](int i) { return "n" + std::to_string(i) + ".example"; };
  const auto reader = [&](int& good) {
    for (int i = 0; i < names; ++i) {
      lookups->prefetch(
          [question = dns::Question{name((i + 7) % names), Type::A}](Lookups& early) { early.get(question); });
      good += lookups->get({name(i), Type::A}).status == dns::Answer::Status::ok;
    }
  };
  int good_a = 0, good_b = 0;
  std::thread a(reader, std::ref(good_a)), b(reader, std::ref(good_b));
  for (int answered = 0; answered < names;) {
    for (int i = 0; i < names; ++i) answered += resolver.answer(name(i), address_answer("192.0.2.1"));
    std::this_thread::yield();
  }
  a.join();
  b.join();
  CHECK(good_a == names);
  CHECK(good_b == names);
  CHECK(resolver.count() == names);
}
