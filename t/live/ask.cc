// SPDX-License-Identifier: BSD-2-Clause
#include "ask.h"

#include <doctest/doctest.h>

#include <future>

namespace mailweir::test {

std::unique_ptr<dns::Resolver> resolver_at(std::vector<std::string> servers) {
  AresConfig config;
  config.servers = std::move(servers);
  config.attempt = std::chrono::milliseconds(50);
  config.rounds = 6;
  auto made = make_ares_resolver(config);
  if (!made) FAIL(made.error().what);
  return std::move(*made);
}

dns::AnswerPtr ask(dns::Resolver& resolver, const dns::Question& question, std::chrono::milliseconds patience) {
  const auto told = std::make_shared<std::promise<dns::AnswerPtr>>();
  auto answer = told->get_future();
  if (auto at_hand =
          resolver.ask(question, Deadline::in(patience), [told](dns::AnswerPtr late) { told->set_value(late); }))
    return at_hand;
  REQUIRE(answer.wait_for(patience + std::chrono::seconds(10)) == std::future_status::ready);
  return answer.get();
}

}  // namespace mailweir::test
