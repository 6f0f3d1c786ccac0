// SPDX-License-Identifier: BSD-2-Clause
#include "app/daemon_status.h"

#include <algorithm>

#include "config.h"

#include "base/duration.h"

namespace mailweir {
namespace {

using std::chrono::seconds;

template <typename Span>
std::string in_seconds(Span span) {
  return format_duration(std::max(std::chrono::floor<seconds>(span), seconds(0)));
}

// What only the daemon as a whole knows.
constexpr Metric<DaemonParts> daemon_metrics[] = {
    {"version", [](const DaemonParts&) -> Reading { return PACKAGE_VERSION; }},
    {"uptime", [](const DaemonParts& of) -> Reading { return in_seconds(of.clock->steady() - of.started); }},
    {"file", [](const DaemonParts& of) -> Reading { return *of.file; }},
    {"generation", [](const DaemonParts& of) -> Reading { return of.policy->get()->generation; }},
    {"open_leases", via<&DaemonParts::leases, &Leases::held>},
    {"reloads", as_counter("mailweir_reloads_total", "Policies that replaced another"),
     via<&DaemonParts::reloads, &ReloadCounts::good>},
    {"failed_reloads", as_counter("mailweir_reloads_failed_total", "Policies refused for their errors"),
     via<&DaemonParts::reloads, &ReloadCounts::failed>},
    {"log_lines_dropped", as_counter("mailweir_log_lines_dropped_total", "Log lines lost because the log was slow"),
     via<&DaemonParts::log, &Log::dropped>},
    {"counters.store", [](const DaemonParts& of) -> Reading { return of.memory_counters ? "memory" : "redis"; }},
    {"counters.since",
     [](const DaemonParts& of) -> Reading {
       if (of.fallback == nullptr) return {};
       return in_seconds(of.clock->wall().time_since_epoch() - seconds(of.fallback->stats().since.load()));
     }},
};

constexpr Metric<std::optional<SocketName>> socket_metrics[] = {
    {"socket", [](const std::optional<SocketName>& socket) -> Reading { return socket->to_string(); }}};
constexpr Metric<CountersConfig> max_counter_metrics[] = {
    {"most", as_gauge("mailweir_counters_most", "max_counters"), via<&CountersConfig::max_counters>}};

constexpr Metric<MilterServer> milter_server_metrics[] = {{"running", via<&MilterServer::running>}};

struct Verdicts {
  Stage stage;
  Action action;
  std::uint64_t count;
};
constexpr Metric<Verdicts> verdict_metrics[] = {
    {as_label("stage"), [](const Verdicts& of) -> Reading { return to_string(of.stage); }},
    {as_label("action"), [](const Verdicts& of) -> Reading { return to_string(of.action); }},
    {as_counter("mailweir_verdicts_total", "Verdicts by stage and action"), via<&Verdicts::count>},
};
std::vector<Verdicts> verdicts_of(const EngineStats* stats) {
  std::vector<Verdicts> verdicts;
  if (stats == nullptr) return verdicts;
  for (const Stage stage : all_stages)
    for (std::size_t i = 0; i < stats->verdicts[index(stage)].size(); ++i)
      if (const auto count = stats->verdicts[index(stage)][i].load(); count > 0)
        verdicts.push_back({stage, static_cast<Action>(i), count});
  return verdicts;
}

// How a DNSBL stands, and for how long.
struct DnsblTold {
  std::string state, since, reason;
};
constexpr Metric<DnsblTold> dnsbl_told_metrics[] = {
    {"state", via<&DnsblTold::state>}, {"since", via<&DnsblTold::since>}, {"reason", via<&DnsblTold::reason>}};
std::vector<DnsblTold> dnsbl_told(const std::vector<Dnsbl>& lists, const Clock* clock) {
  std::vector<DnsblTold> all;
  for (const Dnsbl& list : lists)
    list.state->told.with([&](const DnsblState::Told& told) {
      const bool unproved = told.phase == DnsblPhase::unproved;
      all.push_back(
          {std::string(to_string(told.phase)), unproved ? "" : in_seconds(clock->wall() - told.since), told.reason});
    });
  return all;
}

constexpr Metric<std::string> reputation_age_metrics[] = {
    {"last_look", [](const std::string& ago) -> Reading { return ago + " ago"; }}};

using Evicting = EvictionWatch::Found::value_type;
constexpr Metric<Evicting> evicting_metrics[] = {
    {"store", as_label("store"), via<&Evicting::first>},
    {"policy", as_label("policy"), via<&Evicting::second>},
    {as_gauge("mailweir_store_evicts", "A Redis server that drops keys when its memory is full"),
     [](const Evicting&) -> Reading { return 1; }},
};

constexpr Metric<std::string> reload_error_metrics[] = {
    {"error", [](const std::string& error) -> Reading { return error; }}};

// Null where there is nothing to count.
template <typename Part>
const auto* stats_of(const Part* part) {
  return part != nullptr ? &part->stats() : nullptr;
}

// The items of a list; none where it is not there.
template <typename Part, typename Items>
std::decay_t<Items> items_of(const Part* part, Items (Part::*items)() const) {
  return part != nullptr ? (part->*items)() : std::decay_t<Items>();
}

}  // namespace

StatusReport DaemonStatus::report() const {
  const DaemonParts& of = parts_;
  const Config* config = of.config;
  const auto policy = of.policy != nullptr ? of.policy->get() : std::make_shared<const Policy>();
  std::vector<const Rule*> rules;
  for (const Stage stage : all_stages)
    for (const Rule& rule : policy->at(stage)) rules.push_back(&rule);

  StatusReport report;
  report.add_each("", verdict_metrics, verdicts_of(of.engine));
  report.add_list("rules");
  report.add_each("rules", rule_metrics, rules);
  report.add("", engine_metrics, of.engine);
  report.add("", daemon_metrics, config != nullptr ? &of : nullptr);
  report.add("memory.", memory_metrics, of.memory);
  report.add("milter.", socket_metrics, of.milter_door != nullptr ? &config->milter.socket : nullptr);
  report.add("milter.", milter_server_metrics, of.milter_door);
  report.add("milter.", milter_metrics, stats_of(of.milter_door));
  report.add("policy.", socket_metrics, of.policy_door != nullptr ? &config->policy.socket : nullptr);
  report.add("policy.", policy_door_metrics, of.policy_door);
  report.add("socketmap.", socket_metrics, of.socketmap_door != nullptr ? &config->socketmap.socket : nullptr);
  report.add("socketmap.", socketmap_door_metrics, of.socketmap_door);
  report.add("http.", socket_metrics, of.http_door != nullptr ? &config->http.socket : nullptr);
  report.add("http.", http_door_metrics, of.http_door);
  report.add("http.", login_metrics, of.http_door != nullptr ? &of.http_door->stats() : nullptr);
  report.add("counters.", fallback_metrics, of.fallback);
  report.add("counters.", max_counter_metrics, of.memory_counters != nullptr ? &config->counters : nullptr);
  report.add("counters.", memory_counter_metrics, stats_of(of.memory_counters));
  report.add_each("evicting", evicting_metrics, items_of(of.evictions, &EvictionWatch::found));
  report.add("lost.", loss_metrics, of.losses);
  report.add("follow.", follow_metrics, of.follower);
  report.add("follow.", bounce_metrics, of.follower != nullptr ? &of.follower->bounces() : nullptr);
  report.add("keys.", key_watch_metrics, stats_of(of.keys));
  report.add("dns.", dns_metrics, stats_of(of.dns));
  report.add_each("scanners", scan_metrics, of.scans);
  report.add("held_for_scanners.", held_metrics, of.held_for_scanners);
  report.add("alerts.", alert_metrics, of.alerts);
  report.know(alert_lane_metrics);
  if (of.alerts != nullptr)
    for (const AlertLane* lane : of.alerts->lanes())
      report.add("alerts." + lane->name() + '_', alert_lane_metrics, lane);
  report.add_each("dnsbl", dnsbl_metrics, policy->dnsbl);
  report.add_each("dnsbl", dnsbl_told_metrics, dnsbl_told(policy->dnsbl, of.clock));
  const auto reputation = of.reputation != nullptr ? of.reputation->last() : nullptr;
  const std::string age = reputation != nullptr ? in_seconds(of.clock->wall() - reputation->looked) : "";
  report.add("reputation.", reputation_metrics, reputation.get());
  report.add("reputation.", reputation_age_metrics, reputation != nullptr ? &age : nullptr);
  report.add_each("", reputation_list_metrics, reputation != nullptr ? reputation->lists : std::vector<Memory::List>());
  report.add("lists.", table_metrics, of.tables != nullptr ? &of.tables->files().stats() : nullptr);
  report.add_each("refused_lists", refused_file_metrics,
                  of.tables != nullptr ? of.tables->refused_files() : std::vector<RefusedFile>());
  if (of.reloads != nullptr)
    of.reloads->errors.with(
        [&](const auto& errors) { report.add_each("reload_errors", reload_error_metrics, errors); });
  report.add_each("redis_lists", list_server_metrics, items_of(of.tables, &TableSources::servers));
  report.add_each("redis_keys", key_server_metrics, items_of(of.tables, &TableSources::key_servers));
  return report;
}

}  // namespace mailweir
