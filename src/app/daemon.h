// SPDX-License-Identifier: BSD-2-Clause
// Daemon: the composition root: owns what the running daemon is made of and wires it together. Reads as the list of it.
//
// open() makes the sockets (as root if the daemon was started so), start() everything that runs, after privileges are
// dropped. All of it from the main thread; reload() from the admin door's threads too.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "adapter/alert/alert_desk.h"
#include "adapter/builders/table_sources.h"
#include "adapter/dns/caching_resolver.h"
#include "admin_door/admin_server.h"
#include "app/counter_desk.h"
#include "app/daemon_status.h"
#include "app/delivery_watch.h"
#include "app/door_sockets.h"
#include "app/eviction_watch.h"
#include "app/key_keeper.h"
#include "app/loss_watch.h"
#include "app/notify.h"
#include "app/periodic.h"
#include "app/reputation_view.h"
#include "app/stores.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/memory_budget.h"
#include "config/load.h"
#include "engine/services.h"
#include "fact/dnsbl_watch.h"
#include "http_door/server.h"
#include "milter_door/milter_server.h"
#include "policy_door/server.h"
#include "port/digest.h"
#include "socketmap_door/server.h"
#include "start/scanners.h"

namespace mailweir {

class Daemon {
 public:
  // `first` is what the start has read already, with the builders and their tables: what is unchanged is not read
  // again.
  Daemon(std::string config_file, Loaded first, Builders builders, std::shared_ptr<TableSources> tables);
  ~Daemon();

  // Makes the directories of sockets and state that are ours to make.
  Result<void> provide_directories() const { return DoorSockets::provide_directories(config_); }
  // The doors' sockets.
  Result<void> open() { return sockets_.open(config_); }
  // As the daemon's own user: the log, the policy (read again: as this user), the counters, all threads.
  Result<void> start();
  // Reads the policy file and swaps the policy in, or keeps the old one and says why.
  ReloadOutcome reload();
  void reopen_log() { log_->reopen(); }
  // Nothing new; what is in flight may finish; the counters are saved.
  void stop();
  // Says "still alive" to systemd as long as the doors run.
  bool healthy() const;
  Log& log() { return *log_; }
  const Config& config() const { return config_; }

 private:
  Result<void> make_services();
  Result<void> make_resolver();
  Result<void> make_verification();
  Result<void> make_http_door();
  void start_doors();
  void start_watches();
  Loaded read_policy();
  void take_policy(ReloadOutcome& outcome);
  AdminFunctions admin_functions();
  DaemonParts parts() const;
  void keep_house();

  const std::string config_file_;
  Config config_;
  MemoryBudget memory_;                  // of what connections hold
  std::shared_ptr<const Policy> first_;  // until the policy was read as the daemon's user
  SystemClock clock_;
  Builders builders_;
  std::shared_ptr<TableSources> tables_;  // of the builders
  std::mutex reload_mutex_;
  ReloadCounts reloads_;
  const SteadyTime started_ = clock_.steady();

  std::unique_ptr<Log> log_;
  Snapshot<Policy> policy_;
  Stores stores_;
  std::unique_ptr<dns::Resolver> resolver_;
  CachingResolver* cache_ = nullptr;  // resolver_, when it is one
  DigestsPtr digests_;
  VerifierPtr verifier_;
  PublicSuffixesPtr suffixes_;
  std::unique_ptr<Scanners> scanners_;
  StageBoard board_;
  EngineStats stats_;
  std::unique_ptr<Leases> leases_;
  std::unique_ptr<AlertDesk> alert_desk_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<DnsblWatch> dnsbl_watch_;
  std::unique_ptr<KeyKeeper> key_keeper_;
  std::unique_ptr<EvictionWatch> eviction_watch_;
  std::unique_ptr<LossWatch> loss_watch_;
  std::unique_ptr<ReputationView> reputation_view_;
  std::unique_ptr<DeliveryWatch> delivery_watch_;  // null: the mail server's log is not read
  std::unique_ptr<Periodic> list_reader_, dnsbl_prover_,
      store_asker_;  // stopped before what they use goes

  DoorSockets sockets_;
  std::unique_ptr<PolicyServer> policy_door_;
  std::unique_ptr<SocketmapServer> socketmap_door_;
  std::unique_ptr<HttpServer> http_door_;
  std::unique_ptr<MilterServer> milter_door_;
  std::unique_ptr<AdminServer> admin_door_;
  std::unique_ptr<CounterDesk> counter_desk_;  // the admin's
  std::unique_ptr<DaemonStatus> status_;       // likewise

  std::thread housekeeper_;
  std::mutex house_mutex_;
  std::condition_variable house_wake_;
  bool house_done_ = false;
  ServiceNotifier notifier_;
};

}  // namespace mailweir
