// SPDX-License-Identifier: BSD-2-Clause
// For tests of what asks the DNS: a zone in a string, and a resolver that answers when the test says so.
#pragma once

#include <doctest/doctest.h>

#include <mutex>
#include <string_view>
#include <vector>

#include "adapter/dns/zone_resolver.h"
#include "port/lookups.h"

namespace mailweir::test {

inline std::unique_ptr<dns::Resolver> zone(std::string_view text) {
  auto made = make_zone_resolver(text);
  if (!made) FAIL(made.error().what);
  return std::move(*made);
}

inline std::shared_ptr<Lookups> lookups_in(dns::Resolver& resolver) {
  return Lookups::make(resolver, Deadline::in(std::chrono::seconds(5)));
}

inline dns::AnswerPtr address_answer(std::string_view address, std::chrono::seconds ttl = std::chrono::seconds(60)) {
  auto answer = std::make_shared<dns::Answer>();
  answer->status = dns::Answer::Status::ok;
  answer->ttl = ttl;
  dns::Record record;
  record.address = *IpAddress::parse(address);
  record.type = record.address.is_v4() ? dns::Type::A : dns::Type::AAAA;
  answer->records.push_back(record);
  return answer;
}

// Keeps each question until answer() is called. Those never answered get "shutting down" when it ends.
class HeldResolver final : public dns::Resolver {
 public:
  struct Asked {
    dns::Question question;
    Deadline deadline;
    std::function<void(dns::AnswerPtr)> done;
  };
  ~HeldResolver() override {
    for (auto& each : asked)
      if (each.done) each.done(dns::temperror("shutting down"));
  }
  dns::AnswerPtr ask(const dns::Question& question, Deadline deadline, std::function<void(dns::AnswerPtr)> done) override {
    std::lock_guard lock(mutex);
    asked.push_back({question, deadline, std::move(done)});
    return nullptr;
  }
  std::size_t count() {
    std::lock_guard lock(mutex);
    return asked.size();
  }
  // The oldest unanswered question of that name; false when there is none.
  bool answer(std::string_view name, dns::AnswerPtr what) {
    std::function<void(dns::AnswerPtr)> done;
    {
      std::lock_guard lock(mutex);
      for (auto& each : asked)
        if (!done && each.done && each.question.name == name) done.swap(each.done);
    }
    if (done) done(std::move(what));
    return done != nullptr;
  }

  std::mutex mutex;
  std::vector<Asked> asked;
};

}  // namespace mailweir::test
