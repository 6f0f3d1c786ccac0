// SPDX-License-Identifier: BSD-2-Clause
// Config: what the daemon is started with and a reload can't change (sockets, user, stores). Values with their
// defaults. What a reload replaces is Policy (rule/policy.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/socket.h"
#include "config/key_places.h"
#include "config/paths.h"
#include "config/reputation_config.h"
#include "mail/address.h"
#include "mail/stage.h"
#include "port/alert_receivers.h"

namespace mailweir {

struct DoorConfig {
  std::optional<SocketName> socket;  // nothing: the door is closed
  unsigned mode = 0660;              // of a unix socket
  std::string group;                 // of a unix socket; "": the daemon's
};

// Who speaks the milter protocol: we, or Sendmail's library.
enum class MilterTransport { builtin, libmilter };

struct MilterConfig : DoorConfig {
  MilterTransport transport = MilterTransport::builtin;
  std::size_t max_connections = 1000;      // of the transport of our own; libmilter has no bound
  std::size_t max_header_bytes = 1 << 20;  // kept of a message's header; beyond it the message is refused
  std::size_t max_recipients = 50'000;     // of a message; beyond it a recipient is deferred
  std::size_t max_from_addresses = 100;    // of all From fields of a message; beyond it the message is refused
  std::size_t max_from_bytes = 32 << 10;   // likewise
  std::chrono::milliseconds idle{0};       // of a connection between commands; 0: as the mail server's name wants
};

struct PolicyDoorConfig : DoorConfig {
  std::size_t max_connections = 1000;
  std::chrono::milliseconds idle{std::chrono::seconds(600)};  // Postfix keeps them open for 300 s and more
  std::vector<Stage> stages;                                  // that it judges; reloads with the policy
};

struct AdminConfig {
  SocketName socket{SocketName::Kind::unix_path, default_admin_socket(), {}, 0};
  unsigned mode = 0660;
};

struct HttpConfig {
  std::optional<SocketName> socket;   // TCP; nothing: the door is closed
  std::string token, token_file;      // what a request must show; both "": nothing, on the loopback only
  std::size_t max_connections = 300;  // Dovecot keeps up to 100
};

struct SocketmapConfig : DoorConfig {
  std::size_t max_connections = 1000;                         // one or more for each process of Postfix that asks
  std::chrono::milliseconds idle{std::chrono::seconds(600)};  // Postfix closes them after 10 s
};

struct CountersConfig {
  std::string store = "memory";     // or redis://..., see port/redis_url.h
  std::string user, password_file;  // of Redis, instead of those in the URL
  std::string on_outage = "local";  // local, continue, defer
  double local_share = 1;           // of what is left of each limit, while local
  std::string file = "counters";    // of the memory store, in the state directory
  std::string prefix = "mw:";       // of keys in Redis
  std::size_t max_counters = 1'000'000;
  std::chrono::milliseconds deadline{100};
};

// The virus scanner.
struct ClamdConfig {
  std::vector<SocketName> sockets;    // empty: there is none
  std::uint64_t max_scan = 25 << 20;  // bytes of a message; more is unscanned
  std::chrono::milliseconds deadline{std::chrono::seconds(60)};
  std::string on_outage = "defer";  // defer, continue; reloads
};

// The spam scanner: [rspamd] or [spamd].
struct SpamScannerConfig {
  std::optional<SocketName> socket{};  // nothing: it is not there
  std::string url{};                   // of rspamd, as written
  std::chrono::milliseconds deadline{std::chrono::seconds(20)};
  std::string on_outage = "continue";  // continue, defer; reloads
  std::uint64_t max_scan = 10 << 20;   // bytes of a message; more is not scanned
};

// Where lists and maps in Redis live; reloads with the policy.
struct RedisConfig {
  std::string url;                          // "": that of the counters
  std::chrono::milliseconds deadline{100};  // of one lookup
};

// Where the mail server logs what becomes of messages: "journal", or a file; "": it is not read.
struct FollowConfig {
  std::string mail_log;
};

// What is remembered of accepted messages until it is known what became of them.
struct BouncesConfig {
  std::chrono::milliseconds remember{std::chrono::hours(24 * 5)};
  std::uint64_t memory = 64 << 20;
  std::chrono::milliseconds suppress{0};                  // a dead recipient; 0: none. Reloads
  std::vector<std::string> suppress_by{"sasl_username"};  // facts. Reload
  bool written = false;                                   // there is a [bounces]
};

struct DnsConfig {
  std::vector<std::string> servers;  // "192.0.2.53", "127.0.0.1:5353"; empty: the system's
  std::string zone;                  // a zone file that answers instead, as written
  std::string zone_path;             // the same, to be opened
  std::chrono::milliseconds deadline{5000};
  std::size_t cache_entries = 100'000;
};

struct GeneralConfig {
  std::string user = "mailweir", group;  // group "": the user's
  std::vector<std::string> mynetworks;   // as written, for printing; reloads with the policy
  std::vector<std::string> our_names;    // likewise
  std::vector<std::string> our_domains;  // likewise
  std::string recipient_providers;       // "map:NAME", ""; likewise
  std::string local_user_header;         // the name of a header field, ""; likewise
  MailboxSpelling spelling;              // likewise
  std::string hostname;                  // ours, as others see it; "": the machine's; reloads
  std::string pid_file;                  // "": none
  std::string log = "journal";           // journal, syslog, syslog:local3, stderr, file:/path
  std::string state_directory = default_state_directory();
  std::chrono::milliseconds drain{std::chrono::seconds(20)};  // for messages in flight when it stops
  std::uint64_t memory = 0;                                   // for what connections hold; 0: by the machine's
};

struct Config {
  GeneralConfig general;
  MilterConfig milter;
  PolicyDoorConfig policy;
  AdminConfig admin;
  HttpConfig http;
  SocketmapConfig socketmap;
  CountersConfig counters;
  DnsConfig dns;
  RedisConfig redis;
  ClamdConfig clamd;
  SpamScannerConfig rspamd, spamd{.max_scan = 500 << 10};  // as spamc(1) has it
  ReputationConfig reputation;
  FollowConfig follow;
  BouncesConfig bounces;
  AlertReceivers alerts;  // reloads with the policy
  KeyPlaces places;       // of the keys of all of these
};

// The keys that differ and so need a restart, as "counters.store".
std::vector<std::string> changed_keys(const Config& before, const Config& after);

}  // namespace mailweir
