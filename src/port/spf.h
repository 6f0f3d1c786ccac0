// SPDX-License-Identifier: BSD-2-Clause
// SPF (RFC 7208): what check_host() is asked and what it says, and SpfEngine: who says it. Our own evaluator stands in
// check/spf.h; adapter/libspf2/libspf2_engine.h has libspf2 behind the same interface.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/ip.h"
#include "mail/auth_result.h"
#include "port/lookups.h"

namespace mailweir {

struct SpfRequest {
  IpAddress client;
  std::string local;     // of MAIL FROM, unquoted, its case kept; "" counts as postmaster (RFC 7208 4.3)
  std::string domain;    // of MAIL FROM, or the HELO name when the sender is null (RFC 7208 2.4)
  std::string helo;      // as the client gave it: %{h}
  std::string receiver;  // our name: %{r}; "": unknown
  WallTime now{};        // %{t}
  bool explain = false;  // also fetch what the domain says of a fail (exp=, one more lookup)
};

struct SpfResult {
  AuthWord word = AuthWord::none;
  std::string reason;       // "example.com: include:_spf.example.net: ip4:192.0.2.0/24 matches 192.0.2.7"; cleaned
  std::string domain;       // whose record decided; after redirect= the other one
  std::string record;       // that record, cleaned; "": none was read
  std::string mechanism;    // of that record, as written: "-all"; "": none matched
  std::string explanation;  // of a fail, if asked for: the domain's own words, ASCII without control bytes; else ""
  unsigned terms = 0;       // that asked the DNS (RFC 7208 4.6.4: at most 10)
  unsigned voids = 0;       // of them without an answer (at most 2)
};

// Thread-safe. Lets NotYet pass.
class SpfEngine {
 public:
  virtual ~SpfEngine() = default;
  virtual SpfResult check(Lookups& lookups, const SpfRequest& request) const = 0;
};
using SpfEnginePtr = std::shared_ptr<const SpfEngine>;

}  // namespace mailweir
