// SPDX-License-Identifier: BSD-2-Clause
// The sections of the policy file whose keys are rows; how they are read is theirs. Not a public header of the floor.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/dkim_keys.h"
#include "config/registry.h"
#include "config/section_row.h"

namespace mailweir {

// All, as `mailweirctl config` prints them.
const std::vector<SectionRow>& all_sections();

SectionRow general_section();
SectionRow milter_section();
SectionRow policy_door_section();
SectionRow admin_section();
SectionRow http_section();
SectionRow socketmap_section();
SectionRow counters_section();
SectionRow dns_section();
SectionRow redis_section();
SectionRow spf_section();
SectionRow geoip_section();
SectionRow clamd_section();
SectionRow rspamd_section();
SectionRow spamd_section();
SectionRow egress_section();
SectionRow alerts_section();
SectionRow reputation_section();
SectionRow follow_section();
SectionRow bounces_section();
SectionRow dkim_section();
SectionRow authentication_results_section();

// Of tables that stand in several files, or more than once: read one by one.
// A DNSBL, and what only the reputation watch wants to know of it.
struct WrittenDnsbl : Dnsbl {
  std::string removal;
};
const Keys<WrittenDnsbl>& dnsbl_keys();

// [dkim], and the [[dkim.key]] of one file. When facts and tables are read.
void read_dkim(const toml::table& table, const Makings& makings, Problems& problems, Policy& policy,
               std::vector<PlacedKey>& keys);
// How they go together, when the keys are known.
void check_dkim(const std::vector<const toml::table*>& tables, const Policy& policy, Problems& problems);
// The [dnsbl.NAME] of one file.
void read_dnsbl(const toml::table& table, const Makings& makings, Policy& policy, ReputationConfig& reputation,
                std::vector<Place>& places, Problems& problems);
// What [reputation] says of DNSBLs, when they are read.
void check_reputation(const toml::table& table, const Policy& policy, Problems& problems);
// Of [general] our_names: for helo_is_ours; and mynetworks: networks, or "list:NAME", also known to rules as
// list:mynetworks. When the lists are read.
void make_our_names(const toml::table& table, const GeneralConfig& general, Registry& registry, Policy& policy,
                    Problems& problems);
// And [general] recipient_providers.
void make_our_domains(const toml::table& table, const GeneralConfig& general, Registry& registry, Policy& policy,
                      Problems& problems);
void make_mynetworks(const toml::table& table, const GeneralConfig& general, Registry& registry, Policy& policy,
                     Problems& problems);

// For whom dead recipients are suppressed, by [bounces]; when facts are read.
void settle_suppression(const toml::table& table, const BouncesConfig& bounces, const Registry& registry,
                        Policy& policy, Problems& problems);

// Effective configuration with all defaults, as TOML.
std::string print_config(const Config& config, const Policy& policy);

}  // namespace mailweir
