// SPDX-License-Identifier: BSD-2-Clause
// What the admin does with the answers that are kept of the DNS, at the admin door.
#include <nlohmann/json.hpp>

#include "app/daemon.h"
#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {

// NAME and all below it; an address stands for its reverse name; "" for all.
Result<std::string> Daemon::flush_dns(const std::string& name) {
  if (cache_ == nullptr) return Error{"no answers are cached, because [dns] zone is set"};
  std::string zone;
  if (const auto text = trimmed(name); !text.empty()) {
    const auto address = IpAddress::parse(text);
    const auto domain = address ? std::optional(address->reverse_name()) : to_domain(text);
    if (!domain) return Error{"\"" + cleaned(text, false, 100) + "\" is not a domain name or an address"};
    zone = *domain;
  }
  const auto dropped = cache_->forget(zone);
  Event("dns-flushed")
      .with("name", zone.empty() ? "all" : zone)
      .with("answers", static_cast<std::int64_t>(dropped))
      .to(*log_, Severity::notice);
  return nlohmann::json{{"dropped", dropped}}.dump() + '\n';
}

}  // namespace mailweir
