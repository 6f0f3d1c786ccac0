// SPDX-License-Identifier: BSD-2-Clause
// Policy: everything that a reload replaces, immutable and shared. A transaction keeps the one it began with.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "check/key_ring.h"
#include "check/sign_policy.h"
#include "engine/dnsbl_watch.h"
#include "engine/rule.h"
#include "port/countries.h"
#include "port/signature_judge.h"
#include "port/spf.h"

namespace mailweir {

struct OwnFact {
  std::string name;
  TablePtr map;
  std::vector<FactRef> keys;  // the first that is found
};

// A check in a rule that can be started as soon as its input is known.
struct EarlyCheck {
  const Rule* rule;
  const FactRef* fact;
};

// What [egress] says of a route, or, without a name, of mail that takes none.
struct Egress {
  std::string route;
  std::vector<IpAddress> addresses;
};

// [authentication_results]: what is told to whoever reads the message later (RFC 8601).
struct AuthenticationResultsPolicy {
  std::string authserv_id;  // empty: no such field is added or removed
  std::vector<FactId> checks;
  bool outgoing = false;  // for outgoing mail too

  bool has(FactId id) const { return std::find(checks.begin(), checks.end(), id) != checks.end(); }
};

struct Policy {
  std::uint64_t generation = 0;  // counts reloads
  std::array<std::vector<Rule>, stage_count> rules;
  std::array<std::vector<EarlyCheck>, stage_count> early;  // by the stage at which the check's input is known
  std::array<std::vector<const Rule*>, stage_count>
      blocks;                         // rules of other stages whose blocked keys are refused here
  std::vector<const Rule*> blocking;  // all rules that block keys
  std::vector<OwnFact> own_facts;
  TablePtr mynetworks;                          // null: none
  TablePtr our_names;                           // of helo_is_ours; null: none
  MailboxSpelling spelling;                     // what belongs to a mailbox's name
  std::vector<Dnsbl> dnsbl;                     // in the file's order; a FactRef's zones are places in it
  std::array<bool, stage_count> policy_owns{};  // stages that the policy door judges
  bool has_milter = false, has_policy_door = false, has_http = false;
  bool counts_unknown_recipients = false;  // a limit does
  Outage counters_outage = Outage::go_on;  // what an error of the counter store does
  std::chrono::milliseconds dns_deadline{5000};
  std::chrono::milliseconds counter_deadline{100};
  std::string hostname;          // ours, as others see it
  SpfEnginePtr spf_engine;       // null: our own
  SignatureJudgePtr dkim_judge;  // of DKIM signatures; null: we hash and compare
  CountriesPtr countries;        // of client_country; null: no [geoip]
  std::string country_database;  // its file, as written
  std::vector<Egress> egress;    // the first is that without a name; empty: no [egress]
  KeyRing keys;                  // what `sign` signs with
  SignPolicy signing;
  AuthenticationResultsPolicy authentication_results;
  std::string alert_sender;  // of mail that carries alerts, folded; empty: none does

  const std::vector<Rule>& at(Stage stage) const { return rules[index(stage)]; }
  bool judges(Door door, Stage stage) const {
    if (stage == Stage::auth || door == Door::http) return stage == Stage::auth && door == Door::http;
    return door == Door::policy ? policy_owns[index(stage)] : !policy_owns[index(stage)];
  }
};
using PolicyPtr = std::shared_ptr<const Policy>;

}  // namespace mailweir
