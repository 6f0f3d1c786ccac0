// SPDX-License-Identifier: BSD-2-Clause
// DnsOptions: whom a command of the tool asks: --resolver, --zone, the policy file's [dns], the system's name servers.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "port/dns.h"

namespace boost::program_options {
class options_description;
}

namespace mailweir {

struct DnsOptions {
  std::string resolver, zone;

  // --resolver and --zone. The object must outlive the parsing.
  void add_to(boost::program_options::options_description& options);
};

struct ChosenResolver {
  std::unique_ptr<dns::Resolver> resolver;
  std::string asked;  // "127.0.0.1:5353", "zone file FILE", "the system's name servers"
};

// What neither option says is as in `dns`. The clock must outlive the resolver.
Result<ChosenResolver> choose_resolver(const DnsOptions& options, const DnsConfig& dns, const Clock& clock);

}  // namespace mailweir
