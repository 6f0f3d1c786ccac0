// SPDX-License-Identifier: BSD-2-Clause
#include "app/dns_flush.h"

#include <nlohmann/json.hpp>

#include "base/ip.h"
#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {

Result<std::string> flush_dns(CachingResolver* cache, const std::string& name, Log& log) {
  if (cache == nullptr) return Error{"no answers are cached, because [dns] zone is set"};
  std::string zone;
  if (const auto text = trimmed(name); !text.empty()) {
    const auto address = IpAddress::parse(text);
    const auto domain = address ? std::optional(address->reverse_name()) : to_domain(text);
    if (!domain) return Error{"\"" + cleaned(text, false, 100) + "\" is not a domain name or an address"};
    zone = *domain;
  }
  const auto dropped = cache->forget(zone);
  Event("dns-flushed")
      .with("name", zone.empty() ? "all" : zone)
      .with("answers", static_cast<std::int64_t>(dropped))
      .to(log, Severity::notice);
  return nlohmann::json{{"dropped", dropped}}.dump() + '\n';
}

}  // namespace mailweir
