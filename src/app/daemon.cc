// SPDX-License-Identifier: BSD-2-Clause
#include "app/daemon.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

#include "adapter/dns/ares_resolver.h"
#include "adapter/dns/zone_resolver.h"
#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_public_key.h"
#include "adapter/log/open_log.h"
#include "adapter/verify/public_suffixes.h"
#include "app/alert_receivers.h"
#include "app/dns_flush.h"
#include "app/keep_hits.h"
#include "app/key_desk.h"
#include "app/suppression_desk.h"
#include "check/dkim_verify.h"
#include "libmilter_door/server.h"
#include "milter_door/builtin_server.h"
#include "start/machine_memory.h"

namespace mailweir {
namespace {

using std::chrono::seconds;

constexpr seconds renew_every{30};  // well within lease_time
constexpr seconds save_every{60};
constexpr seconds alerts_at_the_end{5};  // for those that wait when the daemon ends
constexpr seconds saving_at_the_end{30};

}  // namespace

Daemon::Daemon(std::string config_file, Loaded first, Builders builders, std::shared_ptr<TableSources> tables)
    : config_file_(std::move(config_file)), config_(std::move(first.config).value()),
      memory_(config_.general.memory != 0 ? config_.general.memory : default_memory(machine_memory())),
      first_(std::move(first.policy)), builders_(std::move(builders)), tables_(std::move(tables)),
      log_(make_stderr_log()), digests_(openssl_digests()) {}

Daemon::~Daemon() {
  stop();
  tables_->use_log(nullptr);
}

Result<void> Daemon::make_resolver() {
  if (!config_.dns.zone.empty()) {
    auto zone = load_zone_resolver(config_.dns.zone_path);
    if (!zone) return config_.places.blame("dns.zone", zone.error());
    resolver_ = std::move(*zone);
    return {};
  }
  AresConfig ares;
  ares.servers = config_.dns.servers;
  auto servers = make_ares_resolver(ares);
  if (!servers) return config_.places.blame("dns.servers", servers.error());
  CacheConfig cache;
  cache.most_entries = config_.dns.cache_entries;
  auto caching = make_caching_resolver(std::move(*servers), clock_, cache);
  cache_ = caching.get();
  resolver_ = std::move(caching);
  return {};
}

// Made whether a rule asks for dkim or dmarc or not: the next policy may.
Result<void> Daemon::make_verification() {
  verifier_ = make_dkim_verifier(digests_, openssl_public_keys(), clock_);
  auto suffixes = make_public_suffixes();
  if (!suffixes) return suffixes.error();
  suffixes_ = std::move(*suffixes);
  return {};
}

Loaded Daemon::read_policy() {
  Loaded loaded = load(config_file_, builders_);
  const auto& keys = loaded.unusable_keys;
  for (const auto& warning : loaded.warnings) {
    const bool is_key = std::find(keys.begin(), keys.end(), warning) != keys.end();
    Event(is_key ? "dkim-key" : "policy-warning").with("reason", warning).to(*log_, Severity::warning);
  }
  stats_.bad_keys += keys.size();
  for (const auto& error : loaded.errors) Event("policy-error").with("reason", error).to(*log_, Severity::error);
  return loaded;
}

Result<void> Daemon::make_services() {
  auto log = open_log(config_.general.log, "mailweir");
  if (!log) return config_.places.blame("general.log", log.error());
  log_ = std::move(*log);
  tables_->use_log(log_.get());
  Loaded loaded = read_policy();
  first_.reset();
  if (!loaded.policy) {
    std::string all = "the policy cannot be used (read as the daemon's user):";
    for (const auto& error : loaded.errors) all += "\n  " + error;
    return Error{all};
  }
  loaded.policy->generation = 1;
  alert_desk_ = std::make_unique<AlertDesk>(clock_, *log_);
  const std::string& host = loaded.policy->hostname;
  if (auto used = use_alert_receivers(*alert_desk_, *loaded.config, host, clock_); !used) return used;
  policy_.swap(std::move(loaded.policy));
  if (auto made = make_resolver(); !made) return made;
  if (auto made = make_verification(); !made) return made;
  scanners_ = std::make_unique<Scanners>(config_, *log_, clock_);
  auto stores = make_stores(config_, clock_, *log_);
  if (!stores) return stores.error();
  stores_ = std::move(*stores);
  if (auto* fallback = stores_.fallback()) fallback->first_look();
  leases_ = std::make_unique<Leases>(stores_.use());
  const MessageTools tools{verifier_.get(), suffixes_.get(), scanners_->virus(), scanners_->spam()};
  services_ = std::make_unique<Services>(
      Services{*resolver_, stores_.use(), *log_, clock_, *leases_, board_, stats_, tools, alert_desk_.get()});
  return {};
}

// Its socket is open already; the token is read as the daemon's user.
Result<void> Daemon::make_http_door() {
  if (!sockets_.http) return {};
  auto token = read_http_token(config_);
  if (!token) return token.error();
  HttpDoorLimits limits;
  limits.connections = config_.http.max_connections;
  limits.memory = &memory_;
  http_door_ = std::make_unique<HttpServer>(std::move(sockets_.http), std::move(*token), limits, *services_, policy_);
  return {};
}

Result<void> Daemon::start() {
  if (auto made = make_services(); !made) return made;
  if (auto made = make_http_door(); !made) return made;
  admin_door_ = make_admin_server(admin_functions(), clock_, *log_);
  if (auto opened = admin_door_->open(config_.admin.socket.path, config_.admin.mode); !opened)
    return config_.places.blame("admin.socket", opened.error());
  start_watches();
  if (!config_.follow.mail_log.empty())
    delivery_watch_ = std::make_unique<DeliveryWatch>(config_, *services_, policy_, *log_);
  start_doors();
  housekeeper_ = std::thread([this] { keep_house(); });
  Event("started")
      .with("version", PACKAGE_VERSION)
      .with("pid", static_cast<std::int64_t>(::getpid()))
      .with("file", config_file_)
      .with("milter", config_.milter.socket ? config_.milter.socket->to_string() : "none")
      .with("policy", config_.policy.socket ? config_.policy.socket->to_string() : "none")
      .with("socketmap", config_.socketmap.socket ? config_.socketmap.socket->to_string() : "none")
      .with("http", config_.http.socket ? config_.http.socket->to_string() : "none")
      .to(*log_, Severity::notice);
  notifier_.ready("serving");
  return {};
}

// What looks after lists while the daemon runs. A proof of a block list may wait for seconds, so it has a thread of its
// own.
void Daemon::start_watches() {
  // Out of memory, say: the next turn may do better, and mail goes on meanwhile.
  const auto guarded = [this](auto work) {
    return [this, work] {
      try {
        work();
      } catch (const std::exception& failure) {
        Event("list-watch-failed").with("reason", failure.what()).to(*log_, Severity::error);
      }
    };
  };
  list_reader_ = std::make_unique<Periodic>(std::chrono::milliseconds(400), guarded([this] { tables_->refresh(); }));
  auto* fallback = stores_.fallback();
  if (fallback != nullptr) loss_watch_ = std::make_unique<LossWatch>(fallback->shared(), *log_);
  eviction_watch_ =
      std::make_unique<EvictionWatch>(fallback != nullptr ? &fallback->shared() : nullptr, *tables_, *log_);
  store_asker_ = std::make_unique<Periodic>(seconds(10), guarded([this] {
                                              eviction_watch_->look();
                                              if (loss_watch_) loss_watch_->look();
                                            }));
  dns::Resolver& fresh = cache_ != nullptr ? cache_->behind() : *resolver_;
  dnsbl_watch_ = std::make_unique<DnsblWatch>(fresh, *log_, [this](const std::string& zone) {
    if (cache_ != nullptr) cache_->forget(zone);
  });
  dnsbl_prover_ = std::make_unique<Periodic>(std::chrono::milliseconds(500), guarded([this] {
                                               dnsbl_watch_->step(policy_.get()->dnsbl, clock_.steady(), clock_.wall());
                                             }));
  reputation_view_ = std::make_unique<ReputationView>(config_.reputation.state, clock_);
  key_keeper_ = std::make_unique<KeyKeeper>(*resolver_, cache_, policy_, clock_, *log_);
}

void Daemon::start_doors() {
  if (sockets_.policy) {
    const PolicyDoorLimits limits{
        .connections = config_.policy.max_connections, .idle = config_.policy.idle, .memory = &memory_};
    policy_door_ = std::make_unique<PolicyServer>(std::move(sockets_.policy), limits, *services_, policy_);
    policy_door_->start();
  }
  if (sockets_.socketmap) {
    const SocketmapDoorLimits limits{
        .connections = config_.socketmap.max_connections, .idle = config_.socketmap.idle, .memory = &memory_};
    socketmap_door_ = std::make_unique<SocketmapServer>(std::move(sockets_.socketmap), limits, clock_, *log_, policy_);
    socketmap_door_->start();
  }
  if (http_door_) http_door_->start();
  if (config_.milter.socket) {
    const MilterLimits limits{.header_bytes = config_.milter.max_header_bytes,
                              .recipients = config_.milter.max_recipients,
                              .from = {config_.milter.max_from_addresses, config_.milter.max_from_bytes},
                              .memory = &memory_,
                              .idle = config_.milter.idle};
    milter_door_ = sockets_.milter
                       ? make_builtin_milter_server(std::move(sockets_.milter), config_.milter.max_connections,
                                                    *services_, *digests_, policy_, limits)
                       : make_libmilter_server(*services_, *digests_, policy_, limits);
    milter_door_->start();
  }
  counter_desk_ = std::make_unique<CounterDesk>(stores_, policy_, clock_, *log_);
  status_ = std::make_unique<DaemonStatus>(parts());
  admin_door_->start();
}

DaemonParts Daemon::parts() const {
  DaemonParts parts{.config = &config_, .file = &config_file_, .clock = &clock_, .started = started_};
  parts.log = log_.get();
  parts.policy = &policy_;
  parts.reloads = &reloads_;
  parts.engine = &stats_;
  parts.leases = leases_.get();
  parts.memory = &memory_;
  parts.milter_door = milter_door_.get();
  parts.policy_door = policy_door_.get();
  parts.socketmap_door = socketmap_door_.get();
  parts.http_door = http_door_.get();
  parts.memory_counters = stores_.memory.get();
  parts.fallback = stores_.fallback();
  parts.evictions = eviction_watch_.get();
  parts.losses = loss_watch_.get();
  parts.keys = key_keeper_.get();
  parts.dns = cache_;
  parts.alerts = alert_desk_.get();
  parts.tables = tables_.get();
  parts.reputation = reputation_view_.get();
  parts.follower = delivery_watch_ ? &delivery_watch_->follower() : nullptr;
  if (const auto stats = scanners_->stats(); !stats.empty()) {
    parts.scans = stats;
    parts.held_for_scanners = &scanners_->room();
  }
  return parts;
}

// The desk and the status are made before the door starts.
AdminFunctions Daemon::admin_functions() {
  AdminFunctions functions;
  functions.status = [this] { return status_->status(); };
  functions.metrics = [this] { return status_->metrics(); };
  functions.reload = [this] { return reload(); };
  functions.counters = [this](const KeyOfLimit& of, std::size_t most, bool top) {
    return counter_desk_->counters(of, most, top);
  };
  functions.blocks = [this] { return counter_desk_->blocks(); };
  functions.reset = [this](const KeyOfLimit& of) { return counter_desk_->reset(of); };
  functions.unblock = [this](const KeyOfLimit& of) { return counter_desk_->unblock(of); };
  functions.block = [this](const KeyOfLimit& of, const std::string& time) { return counter_desk_->block(of, time); };
  offer_suppressions(
      functions, [this] { return delivery_watch_ ? &delivery_watch_->suppressions() : nullptr; }, clock_);
  functions.test_alerts = [this] { return test_alert_receivers(*alert_desk_); };
  functions.put_key = [this](const std::string& domain, const std::string& selector, const std::string& pem) {
    return KeyDesk(policy_.get(), clock_, *log_).put(domain, selector, pem);
  };
  functions.delete_key = [this](const std::string& domain, const std::string& selector, bool force) {
    return KeyDesk(policy_.get(), clock_, *log_).remove(domain, selector, force);
  };
  functions.flush_dns = [this](const std::string& name) { return flush_dns(cache_, name, *log_); };
  return functions;
}

ReloadOutcome Daemon::reload() {
  const std::lock_guard lock(reload_mutex_);
  notifier_.reloading("reading the policy");
  ReloadOutcome outcome;
  try {
    take_policy(outcome);
  } catch (const std::exception& failure) {  // no memory for the new one beside the old one, say
    outcome.errors.emplace_back(failure.what());
    Event("policy-error").with("reason", failure.what()).to(*log_, Severity::error);
  }
  reloads_.errors.with(
      [&](std::vector<std::string>& errors) { errors = outcome.ok ? std::vector<std::string>() : outcome.errors; });
  if (!outcome.ok) {
    ++reloads_.failed;
    Event("reload-failed")
        .with("errors", static_cast<std::int64_t>(outcome.errors.size()))
        .with("what", "the old policy stays in force")
        .to(*log_, Severity::error);
  }
  notifier_.ready(outcome.ok ? "serving" : "serving the old policy: the new one has errors");
  return outcome;
}

// The policy as it stands in the files now, if it is good.
void Daemon::take_policy(ReloadOutcome& outcome) {
  Loaded loaded = read_policy();
  if (loaded.policy) {
    const std::string& host = loaded.policy->hostname;
    if (const auto used = use_alert_receivers(*alert_desk_, *loaded.config, host, clock_); !used) {
      Event("policy-error").with("reason", used.error().what).to(*log_, Severity::error);
      loaded.errors.push_back(used.error().what);
      loaded.policy.reset();
    }
  }
  outcome.errors = loaded.errors;
  outcome.warnings = loaded.warnings;
  if (!loaded.policy) return;
  outcome.restart = changed_keys(config_, *loaded.config);
  if (stores_.memory && loaded.config->counters.store != "memory")
    say_left(stores_.file, left_counters(*stores_.memory), "the next start counts in Redis: they are not transferred",
             *log_);
  loaded.policy->generation = policy_.get()->generation + 1;
  Event line("reloaded");
  line.with("generation", static_cast<std::int64_t>(loaded.policy->generation));
  for (const auto& key : outcome.restart) line.with("needs_restart", key);
  keep_hits(*policy_.get(), *loaded.policy);
  keep_dnsbl_states(policy_.get()->dnsbl, loaded.policy->dnsbl);
  if (auto* fallback = stores_.fallback()) fallback->use_deadline(loaded.policy->counter_deadline);
  // The old one is freed here, or by the last transaction that still has it.
  const auto old = policy_.swap(std::move(loaded.policy));
  outcome.ok = true;
  if (cache_ != nullptr) cache_->forget_failures();  // who reloads has mended something, in the DNS perhaps
  line.to(*log_, Severity::notice);
  ++reloads_.good;
}

bool Daemon::healthy() const { return !milter_door_ || milter_door_->running(); }

void Daemon::keep_house() {
  const auto watchdog = ServiceNotifier::watchdog_period();
  SteadyTime next_renew = clock_.steady() + renew_every, next_save = clock_.steady() + save_every;
  std::unique_lock lock(house_mutex_);
  while (!house_done_) {
    const auto pause = watchdog ? std::min(std::chrono::duration_cast<std::chrono::milliseconds>(*watchdog),
                                           std::chrono::milliseconds(5000))
                                : std::chrono::milliseconds(5000);
    house_wake_.wait_for(lock, pause);
    if (house_done_) break;
    lock.unlock();
    if (watchdog && healthy()) notifier_.alive();
    if (memory_.fell()) malloc_trim(0);  // the allocator keeps what many small pieces took
    const auto now = clock_.steady();
    services_->trouble_lines->flush(*log_, now);
    if (now >= next_renew) {
      next_renew = now + renew_every;
      if (const auto renewed = leases_->renew(Deadline::in(seconds(2))); !renewed)
        Event("leases-not-renewed").with("reason", renewed.error().what).to(*log_, Severity::warning);
    }
    if (now >= next_save) {
      next_save = now + save_every;
      save_stores(stores_, *log_);
    }
    lock.lock();
  }
}

void Daemon::stop() {
  if (!services_) return;
  notifier_.stopping("letting messages in flight finish",
                     config_.general.drain + alerts_at_the_end + saving_at_the_end);
  sockets_.remove();  // first: a successor's may stand there once this one does not listen
  const Deadline drain = Deadline::in(config_.general.drain);
  if (milter_door_) milter_door_->stop(drain);
  if (policy_door_) policy_door_->stop(drain);
  if (socketmap_door_) socketmap_door_->stop(drain);
  if (http_door_) http_door_->stop(drain);
  if (admin_door_) admin_door_->stop();
  {
    const std::lock_guard lock(house_mutex_);
    house_done_ = true;
  }
  house_wake_.notify_all();
  if (housekeeper_.joinable()) housekeeper_.join();
  services_->trouble_lines->flush(*log_, SteadyTime::max());
  if (delivery_watch_) delivery_watch_->stop();
  list_reader_.reset();
  dnsbl_prover_.reset();
  key_keeper_.reset();
  store_asker_.reset();
  alert_desk_->stop(alerts_at_the_end);
  finish_stores(stores_, *log_);
  Event("stopped").to(*log_, Severity::notice);
  milter_door_.reset();
  policy_door_.reset();
  socketmap_door_.reset();
  http_door_.reset();
  services_.reset();
}

}  // namespace mailweir
