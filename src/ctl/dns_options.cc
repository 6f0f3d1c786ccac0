// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/dns_options.h"

#include <boost/program_options.hpp>

#include "adapter/dns/ares_resolver.h"
#include "adapter/dns/caching_resolver.h"
#include "adapter/dns/zone_resolver.h"

namespace mailweir {

namespace po = boost::program_options;

void DnsOptions::add_to(po::options_description& options) {
  options.add_options()("resolver", po::value(&resolver)->value_name("HOST:PORT"), "ask this name server")(
      "zone", po::value(&zone)->value_name("FILE"), "answer from this zone file");
}

Result<ChosenResolver> choose_resolver(const DnsOptions& options, const DnsConfig& dns, const Clock& clock) {
  if (!options.zone.empty() && !options.resolver.empty()) return Error{"use only one of --zone and --resolver"};
  const std::string zone = options.resolver.empty() && options.zone.empty() ? dns.zone_path : options.zone;
  if (!zone.empty()) {
    auto made = load_zone_resolver(zone);
    if (!made) return made.error();
    return ChosenResolver{std::move(*made), "zone file " + zone};
  }
  AresConfig config;
  config.servers = options.resolver.empty() ? dns.servers : std::vector<std::string>{options.resolver};
  std::string asked;
  for (const auto& server : config.servers) asked += (asked.empty() ? "" : ", ") + server;
  auto servers = make_ares_resolver(config);
  if (!servers) return servers.error();
  return ChosenResolver{make_caching_resolver(std::move(*servers), clock),
                        asked.empty() ? "the system's name servers" : asked};
}

}  // namespace mailweir
