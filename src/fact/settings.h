// SPDX-License-Identifier: BSD-2-Clause
// FactSettings: what facts need of the policy. A Policy is one; so facts know no rules.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/ip.h"
#include "check/signing_keys.h"
#include "fact/dnsbl_watch.h"
#include "fact/ref.h"
#include "mail/address.h"
#include "mail/stage.h"
#include "port/countries.h"
#include "port/egress_choice.h"
#include "port/host_list.h"
#include "port/signature_judge.h"
#include "port/spf.h"
#include "port/table.h"

namespace mailweir {

struct OwnFact {
  std::string name;
  TablePtr map;
  std::vector<FactRef> keys;  // the first that is found
};

// What [egress] says of a route, or, without a name, of mail that takes none.
struct Egress {
  std::string route;
  std::vector<IpAddress> addresses;
};

// Which parts of a transaction ask the DNS for what is not known before them: time is kept for these (DnsBudget).
struct DnsUse {
  bool envelope = false, message = false;
};

struct FactSettings {
  std::vector<OwnFact> own_facts;
  TablePtr mynetworks;            // null: none
  HostListPtr internal_hosts;     // their mail is outgoing too; null: none
  TablePtr our_names;             // of helo_is_ours; null: none
  MailboxSpelling spelling;       // what belongs to a mailbox's name
  std::vector<Dnsbl> dnsbl;       // in the file's order; a FactRef's zones are places in it
  std::string hostname;           // ours, as others see it
  SpfEnginePtr spf_engine;        // null: our own
  SignatureJudgePtr dkim_judge;   // of DKIM signatures; null: we hash and compare
  CountriesPtr countries;         // of client_country; null: no [geoip]
  std::vector<Egress> egress;     // the first is that without a name; empty: no [egress]
  EgressChoicePtr egress_choice;  // which of them a sender's mail takes; null: the first
  std::array<DnsUse, 3> dns_use;  // by door
  SigningKeys keys;               // what `sign` signs with
  TablePtr providers;             // of recipient_provider: names of mail hosts, and whose they are; null: none
  TablePtr our_domains;           // of forwarded; null: none
  std::string local_user_header;  // of local_user: the field that has the user's number; "": none
};

}  // namespace mailweir
