// SPDX-License-Identifier: BSD-2-Clause
// Policy: everything that a reload replaces, immutable and shared. A transaction keeps the one it began with.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "check/sign_plan.h"
#include "check/sign_policy.h"
#include "check/signing_keys.h"
#include "check/stated_keys.h"
#include "fact/settings.h"
#include "rule/rule.h"
#include "rule/rule_index.h"

namespace mailweir {

class WayMaps;
class ConfirmedRoutes;

// A check in a rule that can be started as soon as its input is known.
struct EarlyCheck {
  const Rule* rule;
  const FactRef* fact;
};

// [authentication_results]: what later readers of the message are told (RFC 8601).
struct AuthenticationResultsPolicy {
  std::string authserv_id;  // empty: no such field is added or removed
  std::vector<FactRef> checks;
  bool outgoing = false;  // for outgoing mail too

  bool has(std::string_view check) const {
    return std::any_of(checks.begin(), checks.end(), [check](const FactRef& one) { return one.name == check; });
  }
};

// A list of hosts, and how the policy file names it.
struct NamedHosts {
  std::string written;
  HostListPtr hosts;
};

// [dkim] without_key_reply: of defer and reject.
struct WithoutKeyReply {
  std::string written;  // empty: none was given
  Reply reply;          // without its text
  Template text;
};

// A scanner that is configured.
struct ScannerUse {
  std::string_view check;  // that it makes: "virus"
  Outage on_outage = Outage::defer;
};

struct Policy : FactSettings {
  std::uint64_t generation = 0;  // counts reloads
  std::array<std::vector<Rule>, stage_count> rules;
  std::array<RuleIndex, stage_count> indexes;              // of the rules; made when all are there
  std::array<std::vector<EarlyCheck>, stage_count> early;  // by the stage at which the check's input is known
  std::array<std::vector<const Rule*>, stage_count>
      blocks;                                   // rules of other stages whose blocked keys are refused here
  std::vector<const Rule*> blocking;            // all rules that block keys
  std::array<bool, stage_count> policy_owns{};  // stages that the policy door judges
  bool has_milter = false, has_policy_door = false, has_http = false;
  bool counts_unknown_recipients = false;  // a limit does
  bool counts_bounces = false;             // likewise
  bool follows_mail_log = false;           // there is a [follow]
  std::chrono::milliseconds suppress{0};   // a dead recipient, after its last bounce; 0: none is
  std::vector<FactRef> suppress_by;        // for whom
  Outage counters_outage = Outage::go_on;  // what an error of the counter store does
  std::chrono::milliseconds dns_deadline{5000};
  std::chrono::milliseconds counter_deadline{100};       // of one call of the counter store
  static constexpr int counter_calls_of_a_callback = 3;  // so often that is waited for in one callback of the MTA
  std::string country_database;                          // its file, as written
  std::string key_folder;                                // [dkim] keys: "dir:PATH"; "": none
  std::size_t key_cache = 20'000;                        // domains of it that are kept in memory
  std::string key_states;                                // [dkim] states: the file
  bool key_propagation = true;                           // a key of the directory signs once its record is seen
  StatedKeysPtr stated_keys;                             // that directory; null: none
  OpendkimTablesPlace opendkim;                          // [dkim] key_table, signing_table, multiple_signatures
  NamedHosts internal_hosts_named;                       // [dkim] internal_hosts
  NamedHosts external_ignore;                            // hosts that may use authors of ours
  bool strict_keys = false;                              // [dkim] strict
  OtherSigners other_signers;                            // [dkim] without_key, provider, also
  WithoutKeyReply without_key;                           // what refuses mail that has no key
  SignPolicy signing;
  AuthenticationResultsPolicy authentication_results;
  std::vector<ScannerUse> scanners;
  std::shared_ptr<const WayMaps> way_maps;  // [routes], [relay] and [tls]; null: none of them
  bool has_socketmap = false;
  std::shared_ptr<const ConfirmedRoutes> confirmed_routes;  // of the state directory
  std::string alert_sender;                                 // of mail that carries alerts, folded; empty: none does

  const std::vector<Rule>& at(Stage stage) const { return rules[index(stage)]; }
  bool judges(Door door, Stage stage) const {
    if (stage == Stage::auth || door == Door::http) return stage == Stage::auth && door == Door::http;
    return door == Door::policy ? policy_owns[index(stage)] : !policy_owns[index(stage)];
  }
};
using PolicyPtr = std::shared_ptr<const Policy>;

}  // namespace mailweir
