// SPDX-License-Identifier: BSD-2-Clause
#include "config/sections.h"

#include <sstream>

#include "config/block_action.h"
#include "config/effects.h"
#include "config/limits.h"
#include "config/rules.h"
#include "config/ways_out.h"

namespace mailweir {
namespace {

std::vector<ListedSection> listed(const std::vector<SectionRow>& rows) {
  std::vector<ListedSection> all;
  for (const auto& row : rows) all.push_back({std::string(row.name), row.keys});
  return all;
}

}  // namespace

const std::vector<SectionRow>& all_sections() {
  static const std::vector<SectionRow> all = {general_section(),    milter_section(), policy_door_section(),
                                              admin_section(),      http_section(),   socketmap_section(),
                                              counters_section(),   dns_section(),    redis_section(),
                                              spf_section(),        geoip_section(),  egress_section(),
                                              alerts_section(),     dkim_section(),   authentication_results_section(),
                                              reputation_section(), clamd_section(),  rspamd_section(),
                                              spamd_section(),      follow_section(), bounces_section()};
  return all;
}

std::vector<ListedSection> listed_sections() {
  std::vector<SectionRow> rows = all_sections();
  rows.emplace_back("dkim.key", dkim_key_keys());
  rows.emplace_back("dnsbl", dnsbl_keys());
  rows.emplace_back("facts", own_fact_keys());
  auto& routes = rows.emplace_back("routes", named_route_keys());
  const SectionRow of_all("routes", routes_keys());
  routes.keys.insert(routes.keys.begin(), of_all.keys.begin(), of_all.keys.end());
  rows.emplace_back("relay", relay_keys());
  rows.emplace_back("tls", tls_keys());
  return listed(rows);
}

std::vector<ListedSection> listed_rule_tables() {
  return listed({{"rule", rule_keys()},
                 {"rule.limit", limit_keys()},
                 {"rule.limit.block", block_time_keys()},
                 {"rule.block", block_keys()},
                 {"rule.remove_headers", removal_keys()}});
}

std::string print_config(const Config& config, const Policy& policy) {
  std::string all;
  for (const auto& section : all_sections()) {
    std::ostringstream out;
    section.print(out, config, policy);
    all += (all.empty() || out.str().empty() ? "" : "\n") + out.str();
  }
  return all;
}

std::vector<std::string> changed_keys(const Config& before, const Config& after) {
  std::vector<std::string> changed;
  for (const auto& section : all_sections())
    if (section.compare) section.compare(before, after, changed);
  return changed;
}

}  // namespace mailweir
