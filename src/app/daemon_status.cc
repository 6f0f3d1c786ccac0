// SPDX-License-Identifier: BSD-2-Clause
// What the admin door shows of the daemon: status and counters as JSON, metrics as Prometheus text.
#include <nlohmann/json.hpp>

#include "config.h"

#include "adapter/counters/fallback_counters.h"
#include "adapter/stats/stats_text.h"
#include "app/daemon.h"
#include "base/duration.h"

namespace mailweir {
namespace {

using nlohmann::json;

std::string dumped(const json& value) { return value.dump(2, ' ', false, json::error_handler_t::replace) + '\n'; }

class Samples {
 public:
  template <typename Number>
  void counter(std::string name, std::string help, Number value,
               std::vector<std::pair<std::string, std::string>> labels = {}) {
    all.push_back(
        {std::move(name), std::move(help), Sample::Kind::counter, std::move(labels), static_cast<double>(value)});
  }
  template <typename Number>
  void gauge(std::string name, std::string help, Number value,
             std::vector<std::pair<std::string, std::string>> labels = {}) {
    all.push_back(
        {std::move(name), std::move(help), Sample::Kind::gauge, std::move(labels), static_cast<double>(value)});
  }
  std::vector<Sample> all;
};

// The block lists, and the Redis servers of lists.
void add_lists(json& result, const Policy& policy, const TableSources& tables, WallTime now) {
  for (const Dnsbl& list : policy.dnsbl) {
    json one = {{"name", list.name},
                {"zone", list.zone},
                {"asked", list.state->asked.load()},
                {"listed", list.state->listed.load()},
                {"errors", list.state->errors.load()}};
    list.state->told.with([&](const DnsblState::Told& told) {
      one["state"] = to_string(told.phase);
      one["since"] = told.phase == DnsblPhase::unproved
                         ? ""
                         : format_duration(std::chrono::duration_cast<std::chrono::seconds>(now - told.since));
      one["reason"] = told.reason;
    });
    result["dnsbl"].push_back(std::move(one));
  }
  result["lists"] = {{"files_refreshed", tables.files().stats().refreshed.load()},
                     {"files_refused", tables.files().stats().refused.load()}};
  for (const auto& server : tables.servers())
    result["redis_lists"].push_back(
        {{"server", server.name}, {"up", server.up}, {"asked", server.asked}, {"errors", server.errors}});
}

void add_lists(Samples& samples, const Policy& policy, const TableSources& tables) {
  for (const Dnsbl& list : policy.dnsbl) {
    const std::vector<std::pair<std::string, std::string>> labels{{"dnsbl", list.name}};
    const DnsblState& state = *list.state;
    samples.gauge("mailweir_dnsbl_up", "Whether a DNSBL is proved and asked",
                  state.ipv4 || state.ipv6 || state.domains ? 1 : 0, labels);
    samples.counter("mailweir_dnsbl_asked_total", "Lookups in a DNSBL", state.asked.load(), labels);
    samples.counter("mailweir_dnsbl_listed_total", "Lookups that found a listing", state.listed.load(), labels);
    samples.counter("mailweir_dnsbl_errors_total", "Lookups whose answer was an error", state.errors.load(), labels);
  }
  samples.counter("mailweir_list_files_read_total", "List files that were read again because they changed",
                  tables.files().stats().refreshed.load());
  samples.counter("mailweir_list_files_refused_total", "List files that changed and were bad",
                  tables.files().stats().refused.load());
  for (const auto& server : tables.servers()) {
    samples.gauge("mailweir_list_store_up", "Whether the Redis server of lists answers", server.up ? 1 : 0,
                  {{"store", server.name}});
    samples.counter("mailweir_list_store_errors_total", "Lookups in it that failed", server.errors,
                    {{"store", server.name}});
  }
}

// What became of alerts, as a whole and by each receiver.
void add_alerts(json& result, const AlertDesk& desk) {
  json& alerts = result["alerts"] = {{"raised", desk.raised()}, {"dropped", desk.dropped()}};
  for (const AlertLane* lane : desk.lanes()) {
    const auto& stats = lane->stats();
    alerts[lane->name() + "_sent"] = stats.sent.load();
    alerts[lane->name() + "_failed"] = stats.failed.load();
    alerts[lane->name() + "_dropped"] = stats.dropped.load();
    alerts[lane->name() + "_waiting"] = lane->waiting();
  }
}

void add_alerts(Samples& samples, const AlertDesk& desk) {
  samples.counter("mailweir_alerts_raised_total", "Alerts of rules and limits", desk.raised());
  samples.counter("mailweir_alerts_dropped_total", "Alerts dropped before they were queued", desk.dropped());
  for (const AlertLane* lane : desk.lanes()) {
    const std::vector<std::pair<std::string, std::string>> labels{{"receiver", lane->name()}};
    samples.counter("mailweir_alerts_sent_total", "Alerts and summaries accepted by a receiver",
                    lane->stats().sent.load(), labels);
    samples.counter("mailweir_alerts_failed_total", "Alerts and summaries given up", lane->stats().failed.load(),
                    labels);
    samples.counter("mailweir_alerts_not_queued_total", "Alerts and summaries dropped because a receiver is slow",
                    lane->stats().dropped.load(), labels);
    samples.gauge("mailweir_alerts_waiting", "Alerts and summaries waiting for a receiver", lane->waiting(), labels);
  }
}

}  // namespace

std::string Daemon::status() const {
  const auto policy = policy_.get();
  json rules = json::array();
  for (const Stage stage : all_stages)
    for (const Rule& rule : policy->at(stage))
      rules.push_back({{"name", rule.name},
                       {"at", to_string(stage)},
                       {"asked", rule.hits->asked.load()},
                       {"hits", rule.hits->hits + rule.hits->over},
                       {"over", rule.hits->over.load()},
                       {"shadow", rule.hits->shadow.load()}});
  json result = {
      {"version", PACKAGE_VERSION},
      {"uptime", format_duration(std::chrono::duration_cast<std::chrono::seconds>(clock_.steady() - started_))},
      {"file", config_file_},
      {"generation", policy->generation},
      {"reloads", reloads_.load()},
      {"failed_reloads", failed_reloads_.load()},
      {"transactions", stats_.transactions.load()},
      {"log_lines_dropped", log_->dropped()},
      {"open_leases", leases_->held()},
      {"memory", {{"most", memory_.most()}, {"used", memory_.used()}, {"refused", memory_.refused()}}},
      {"rules", rules}};
  if (milter_door_) {
    const auto& milter = milter_door_->stats();
    result["milter"] = {{"socket", config_.milter.socket->to_string()},
                        {"running", milter_door_->running()},
                        {"sessions", milter.sessions.load()},
                        {"open", milter.open.load()},
                        {"messages", milter.messages.load()},
                        {"in_flight", milter.in_flight.load()},
                        {"signatures", milter.signatures.load()},
                        {"unsigned", milter.unsigned_for_trouble.load()},
                        {"unsigned_no_key", milter.unsigned_without_key.load()},
                        {"exceptions", milter.exceptions.load()}};
  }
  if (policy_door_) {
    const auto& door = policy_door_->stats();
    const auto& streams = policy_door_->streams();
    result["policy"] = {{"socket", config_.policy.socket->to_string()},
                        {"connections", streams.connections.load()},
                        {"open", streams.open.load()},
                        {"refused", streams.refused.load()},
                        {"requests", door.requests.load()},
                        {"bad_requests", door.bad_requests.load()}};
  }
  if (http_door_) {
    const auto& door = http_door_->door().stats();
    const auto& logins = http_door_->door().logins();
    result["http"] = {{"socket", config_.http.socket->to_string()},
                      {"open", http_door_->streams().open.load()},
                      {"refused_connections", http_door_->streams().refused.load()},
                      {"requests", door.requests.load()},
                      {"bad_requests", door.bad_requests.load()},
                      {"unauthorized", door.unauthorized.load()},
                      {"logins_asked", logins.asked.load()},
                      {"logins_refused", logins.refused.load()},
                      {"failures", logins.failures.load()}};
  }
  result["counters"] = {{"store", stores_.memory ? "memory" : "redis"},
                        {"errors", stats_.counter_errors.load()},
                        {"uncounted", stats_.uncounted.load()}};
  if (stores_.memory) {
    const auto& memory = stores_.memory->stats();
    json& counters = result["counters"];
    counters["live"] = memory.counters.load();
    counters["most"] = config_.counters.max_counters;
    counters["of_strangers"] = memory.strangers.load();
    counters["no_room"] = memory.no_room_for_ours.load();
    counters["no_room_for_strangers"] = memory.no_room_for_strangers.load();
  }
  if (const auto* fallback = stores_.fallback()) {
    const auto& stats = fallback->stats();
    const auto since = std::chrono::seconds(stats.since.load());
    auto& counters = result["counters"];
    counters["url"] = fallback->shared().server();
    counters["asks"] = fallback->shared().where();
    counters["up"] = stats.up.load();
    counters["since"] = format_duration(std::max(
        std::chrono::floor<std::chrono::seconds>(clock_.wall().time_since_epoch()) - since, std::chrono::seconds(0)));
    counters["outages"] = stats.outages.load();
    counters["waiting_to_be_added"] = fallback->waiting();
    if (stats.settling) counters["keeps_to_its_share"] = true;
    counters["connects"] = fallback->shared().connects();
  }
  if (cache_ != nullptr)
    result["dns"] = {{"hits", cache_->stats().hits.load()},
                     {"misses", cache_->stats().misses.load()},
                     {"timeouts", cache_->stats().timeouts.load()},
                     {"troubles", cache_->stats().troubles.load()},
                     {"entries", cache_->stats().entries.load()}};
  if (eviction_watch_)
    for (const auto& [server, policy] : eviction_watch_->found())
      result["evicting"].push_back({{"store", server}, {"policy", policy}});
  if (loss_watch_ && loss_watch_->losses() > 0)
    result["lost"] = {{"store", stores_.fallback()->shared().server()}, {"times", loss_watch_->losses()}};
  add_alerts(result, *alert_desk_);
  if (tables_) add_lists(result, *policy, *tables_, clock_.wall());
  return dumped(result);
}

std::string Daemon::metrics() const {
  Samples samples;
  for (const Stage stage : all_stages)
    for (std::size_t i = 0; i < stats_.verdicts[index(stage)].size(); ++i)
      if (const auto count = stats_.verdicts[index(stage)][i].load(); count > 0)
        samples.counter(
            "mailweir_verdicts_total", "Verdicts by stage and action", count,
            {{"stage", std::string(to_string(stage))}, {"action", std::string(to_string(static_cast<Action>(i)))}});
  const auto policy = policy_.get();
  for (const Stage stage : all_stages)
    for (const Rule& rule : policy->at(stage)) {
      samples.counter("mailweir_rule_hits_total", "How often a rule's conditions held, or its limit was over",
                      rule.hits->hits + rule.hits->over, {{"rule", rule.name}});
      if (rule.shadow)
        samples.counter("mailweir_rule_shadow_total", "What a shadow rule would have done", rule.hits->shadow.load(),
                        {{"rule", rule.name}});
    }
  samples.counter("mailweir_transactions_total", "Mail transactions begun", stats_.transactions.load());
  samples.counter("mailweir_counter_errors_total", "Limits that could not be asked", stats_.counter_errors.load());
  samples.counter("mailweir_blocks_total", "Keys that were blocked", stats_.blocks.load());
  samples.counter("mailweir_blocked_total", "Refusals because the key was blocked", stats_.blocked.load());
  samples.counter("mailweir_stages_not_asked_total", "Stages of the policy door that Postfix did not ask",
                  stats_.not_handed_over.load());
  samples.counter("mailweir_reloads_total", "Policies that replaced another", reloads_.load());
  samples.counter("mailweir_reloads_failed_total", "Policies refused for their errors", failed_reloads_.load());
  samples.counter("mailweir_log_lines_dropped_total", "Log lines lost because the log was slow", log_->dropped());
  samples.gauge("mailweir_connection_memory_bytes", "Bytes that connections hold of client input", memory_.used());
  samples.gauge("mailweir_connection_memory_limit_bytes", "Their limit: [general] memory", memory_.most());
  samples.counter("mailweir_connection_memory_refused_total", "Times that client input was refused for lack of room",
                  memory_.refused());
  if (milter_door_) {
    const auto& milter = milter_door_->stats();
    samples.counter("mailweir_milter_sessions_total", "SMTP sessions at the milter door", milter.sessions.load());
    samples.gauge("mailweir_milter_open", "SMTP sessions open at the milter door", milter.open.load());
    samples.gauge("mailweir_milter_in_flight", "Messages in progress at the milter door", milter.in_flight.load());
    samples.counter("mailweir_signatures_total", "DKIM signatures made", milter.signatures.load());
    samples.counter("mailweir_unsigned_total", "Messages left unsigned because of a failure",
                    milter.unsigned_for_trouble.load());
    samples.counter("mailweir_unsigned_long_lines_total",
                    "Of them, those with a header line that the next server would break",
                    milter.unsigned_long_lines.load());
    samples.counter("mailweir_unsigned_no_key_total",
                    "Messages that a rule asked to sign, whose From domain has no key",
                    milter.unsigned_without_key.load());
    samples.counter("mailweir_milter_exceptions_total", "Exceptions at the milter door", milter.exceptions.load());
  }
  if (policy_door_) {
    const auto& door = policy_door_->stats();
    samples.counter("mailweir_policy_requests_total", "Requests at the policy door", door.requests.load());
    samples.counter("mailweir_policy_bad_requests_total", "Requests that were malformed", door.bad_requests.load());
    samples.counter("mailweir_policy_refused_total", "Connections over max_connections",
                    policy_door_->streams().refused.load());
    samples.gauge("mailweir_policy_open", "Connections open at the policy door", policy_door_->streams().open.load());
  }
  if (http_door_) {
    const auto& door = http_door_->door().stats();
    const auto& logins = http_door_->door().logins();
    samples.counter("mailweir_http_requests_total", "Requests at the http door", door.requests.load());
    samples.counter("mailweir_http_bad_requests_total", "Requests there that were malformed", door.bad_requests.load());
    samples.counter("mailweir_http_unauthorized_total", "Requests there without the token", door.unauthorized.load());
    samples.counter("mailweir_http_refused_total", "Connections there over max_connections",
                    http_door_->streams().refused.load());
    samples.gauge("mailweir_http_open", "Connections open there", http_door_->streams().open.load());
    samples.counter("mailweir_logins_asked_total", "Logins asked about", logins.asked.load());
    samples.counter("mailweir_logins_refused_total", "Logins refused by a rule", logins.refused.load());
    samples.counter("mailweir_auth_failures_total", "Failed logins reported, those that count", logins.failures.load());
  }
  if (const auto* fallback = stores_.fallback()) {
    samples.gauge("mailweir_counter_store_up", "Whether the shared counter store answers",
                  fallback->stats().up ? 1 : 0);
    samples.counter("mailweir_counter_store_spared_total", "Calls that did not wait for it because it was down",
                    fallback->stats().spared.load());
    samples.gauge("mailweir_counter_store_waiting", "Counters that were counted locally and wait to be added to it",
                  fallback->waiting());
    samples.counter("mailweir_counter_store_added_total", "Counters added to it after it came back",
                    fallback->stats().merged.load());
    samples.counter("mailweir_counter_store_lost_total", "Units counted locally and not remembered for lack of room",
                    fallback->lost());
    samples.counter("mailweir_counter_store_connects_total", "Connections made to it", fallback->shared().connects());
    samples.counter("mailweir_counter_store_outages_total", "Outages of it", fallback->stats().outages.load());
  }
  samples.counter("mailweir_uncounted_total",
                  "Limits that let mail pass because the counters in memory had no room for its key",
                  stats_.uncounted.load());
  if (stores_.memory) {
    const auto& memory = stores_.memory->stats();
    samples.gauge("mailweir_counters", "Counters in memory", memory.counters.load());
    samples.gauge("mailweir_counters_most", "max_counters", config_.counters.max_counters);
    samples.gauge("mailweir_counters_of_strangers", "Counters in memory that incoming mail created",
                  memory.strangers.load());
    samples.counter("mailweir_counters_no_room_total", "Counters and blocks for which there was no room",
                    memory.no_room_for_ours.load(), {{"of", "ours"}});
    samples.counter("mailweir_counters_no_room_total", "Counters and blocks for which there was no room",
                    memory.no_room_for_strangers.load(), {{"of", "strangers"}});
  }
  if (eviction_watch_)
    for (const auto& [server, policy] : eviction_watch_->found())
      samples.gauge("mailweir_store_evicts", "A Redis server that drops keys when its memory is full", 1,
                    {{"store", server}, {"policy", policy}});
  if (loss_watch_)
    samples.counter("mailweir_counters_lost_total", "Times that the Redis server of the counters lost its keys",
                    loss_watch_->losses());
  if (cache_ != nullptr) {
    samples.counter("mailweir_dns_cache_hits_total", "Lookups answered from the cache", cache_->stats().hits.load());
    samples.counter("mailweir_dns_cache_misses_total", "Lookups sent to the servers", cache_->stats().misses.load());
    samples.counter("mailweir_dns_timeouts_total", "Lookups that no server answered in time",
                    cache_->stats().timeouts.load());
  }
  add_alerts(samples, *alert_desk_);
  if (tables_) add_lists(samples, *policy, *tables_);
  return stats_text(samples.all);
}

}  // namespace mailweir
