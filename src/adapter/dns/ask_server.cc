// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/dns/ask_server.h"

#include "adapter/dns/ares_resolver.h"
#include "port/lookups.h"

namespace mailweir {

dns::AnswerPtr ask_server(const IpAddress& server, const std::string& port, const dns::Question& question,
                          Deadline deadline) {
  AresConfig config;
  config.servers = {(server.is_v4() ? server.to_string() : '[' + server.to_string() + ']') + ':' + port};
  config.rounds = 2;
  const auto resolver = make_ares_resolver(config);
  if (!resolver) return dns::temperror(resolver.error().what);
  const auto lookups = Lookups::make(**resolver, deadline);
  return std::make_shared<const dns::Answer>(lookups->get(question));
}

}  // namespace mailweir
