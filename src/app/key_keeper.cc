// SPDX-License-Identifier: BSD-2-Clause
#include "app/key_keeper.h"

#include <exception>

#include "adapter/dns/ask_server.h"
#include "port/lookups.h"

namespace mailweir {
namespace {

constexpr std::chrono::milliseconds pause{250};
constexpr std::chrono::seconds for_a_server{2};

AskServer servers_or(dns::Resolver& resolver, bool zone_file) {
  if (!zone_file)
    return [](const IpAddress& server, const dns::Question& question) {
      return ask_server(server, "53", question, Deadline::in(for_a_server));
    };
  return [&resolver](const IpAddress&, const dns::Question& question) {
    const auto lookups = Lookups::make(resolver, Deadline::in(for_a_server));
    return std::make_shared<const dns::Answer>(lookups->get(question));
  };
}

}  // namespace

KeyKeeper::KeyKeeper(dns::Resolver& resolver, CachingResolver* cache, const Snapshot<Policy>& policy,
                     const Clock& clock, Log& log)
    : policy_(policy), log_(log),
      watch_(cache != nullptr ? cache->behind() : resolver, servers_or(resolver, cache == nullptr), clock, log),
      periodic_(pause, [this] { step(); }) {}

void KeyKeeper::step() {
  try {
    if (const auto keys = policy_.get()->stated_keys) watch_.step(*keys);
  } catch (const std::exception& failure) {  // out of memory, say: the next turn may do better
    Event("key-watch-failed").with("reason", failure.what()).to(log_, Severity::error);
  }
}

}  // namespace mailweir
