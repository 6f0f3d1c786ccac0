// SPDX-License-Identifier: BSD-2-Clause
// Reads the sections that become Config, and those of Policy that are no rules. Not a public header of the floor.
#pragma once

#include "config/config.h"
#include "config/document.h"
#include "config/registry.h"
#include "config/section.h"

namespace mailweir {

// One file's sections, each present at most once over all files (the caller sees to that).
void read_general(Section section, GeneralConfig& general, Policy& policy, const Document& document);
void read_milter(Section section, MilterConfig& milter);
void read_policy_door(Section section, PolicyDoorConfig& policy);
void read_admin(Section section, AdminConfig& admin);
void read_counters(Section section, CountersConfig& counters, Policy& policy, const Document& document);
void read_dns(Section section, DnsConfig& dns, Policy& policy, const Document& document);

// [dkim] verifier, canonicalization, oversign, ... and the [[dkim.key]] of one file.
void read_dkim(const toml::table& table, const Document& document, const Builders& builders, Problems& problems,
               Policy& policy, std::vector<DkimKey>& keys);

// The [dnsbl.NAME] of one file.
void read_dnsbl(const toml::table& table, Policy& policy, std::vector<Place>& places, Problems& problems);

// [http]: the door that Dovecot tells of logins.
void read_http(Section section, HttpConfig& http, const Document& document);

// [alerts]: who is told, and in policy the sender of mail that tells.
void read_alerts(Section section, AlertReceivers& alerts, Policy& policy, const Document& document);

// [redis], where lists and maps live; by default where the counters are.
void read_redis(Section section, RedisConfig& redis);

// [general] our_names: for helo_is_ours.
void read_our_names(const toml::table& general, Registry& registry, Policy& policy, Problems& problems);
void read_spf(Section section, const Builders& builders, Policy& policy);
// [geoip] database: of client_country.
void read_geoip(Section section, const Document& document, const Builders& builders, Policy& policy);
void read_egress(Section section, Policy& policy);
// [authentication_results] authserv_id, checks, outgoing.
void read_authentication_results(Section section, AuthenticationResultsPolicy& results);

// [general] mynetworks: networks, or "list:NAME"; also known to rules as list:mynetworks.
void read_mynetworks(const toml::table& general, Registry& registry, Policy& policy, Problems& problems);

// Rough effective configuration with all defaults, as TOML.
std::string print_config(const Config& config, const Policy& policy);

}  // namespace mailweir
