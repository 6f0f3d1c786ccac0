// SPDX-License-Identifier: BSD-2-Clause
// SessionLookups: the DNS lookups of a session, and how long each part of a transaction may wait for them: what is
// asked from now on has until the deadline of the stage, less what the transaction (with the connect and HELO before
// it) has waited already, and what is kept for later parts of it: [dns] deadline is for all its stages together
// (DnsBudget).
//
// Owned by Facts; not thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "fact/dns_budget.h"
#include "fact/settings.h"
#include "port/lookups.h"

namespace mailweir {

// recipients: of the recipients' domains, as many as a client likes; the others keep their number.
// message: of its signatures and its author. What the envelope asked too much of, or too late, is asked anew.
enum class LookupsOf : std::uint8_t { session, transaction, recipients, message };

class SessionLookups {
 public:
  explicit SessionLookups(dns::Resolver& resolver) : resolver_(resolver) {}

  // A stage begins; `use`: which of its parts ask the DNS.
  void begin(Stage stage, Deadline deadline, const DnsUse& use);
  Lookups& of(LookupsOf what);
  // Those of the recipients so far are done with; how long they were waited for still counts.
  void drop_recipients();
  void transaction_ends();
  std::vector<TimedLookup> trace() const;

 private:
  std::chrono::microseconds waited() const;
  Deadline part_ends(std::chrono::microseconds so_far) const;

  dns::Resolver& resolver_;
  Deadline deadline_;  // of the stage
  DnsUse use_;
  std::chrono::microseconds waited_before_{0};  // in earlier transactions; less what was dropped
  DnsBudget::Part part_ = DnsBudget::Part::session;
  std::chrono::microseconds waited_at_part_{0};  // when it began
  // Made when a check first needs them: most transactions look nothing up.
  std::array<std::shared_ptr<Lookups>, 4> all_;
};

}  // namespace mailweir
