// SPDX-License-Identifier: BSD-2-Clause
// All that a door needs, in memory, for one conversation: a policy with rules of most kinds, names from a zone text,
// and a log that holds each line to what a log line may be.
#pragma once

#include <memory>
#include <string>

#include "adapter/builders/make_builders.h"
#include "adapter/counters/memory_counters.h"
#include "adapter/dns/zone_resolver.h"
#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_public_key.h"
#include "adapter/verify/public_suffixes.h"
#include "base/conversation.h"
#include "base/text.h"
#include "check/dkim_verify.h"
#include "config/load.h"
#include "engine/session.h"
#include "target.h"
#include "temp_file.h"

namespace mailweir::fuzz {

inline constexpr std::string_view doors_policy = R"(
[general]
mynetworks = ["127.0.0.0/8"]
our_names = ["mx.example.org"]
[milter]
socket = "inet:10025@127.0.0.1"
[policy]
socket = "inet:10026@127.0.0.1"
stages = ["rcpt", "data"]
[http]
[authentication_results]
authserv_id = "mx.example.org"
[lists]
denied = ["192.0.2.66", "mallory@example.com", ".bad.example", "198.51.100.0/24"]
[maps.owners]
"alice@example.com" = "alice"
[[rule]]
name = "auth"
at = "auth"
limit = { by = "sasl_username", of = "auth-failures", max = "2/1h" }
reject = "535 5.7.8 {sasl_username} failed {count} times"
[[rule]]
name = "client"
at = "connect"
when = { client_address = "list:denied" }
drop = "554 5.7.1 {client_address} {client_name} {reverse_client_name}"
[[rule]]
name = "helo"
at = "helo"
when = { helo_is_ours = true }
reject = "550 5.7.1 {helo_name} is ours"
[[rule]]
name = "sender"
at = "mail"
when = { sender = "list:denied" }
reject = "550 5.7.1 {sender} of {sender_domain}\nsecond {sasl_username} 100%"
[[rule]]
name = "login"
at = "mail"
when = { authenticated = true, sender_login_mismatch = "map:owners" }
reject = "553 5.7.1 {sasl_username}: {sender} is not yours"
[[rule]]
name = "spf"
at = "mail"
when = { spf = "fail" }
reject = "550 5.7.23 {spf_explanation}"
[[rule]]
name = "recipient"
at = "rcpt"
when = { recipient = "/^no/" }
reject = "550 5.1.1 {recipient} {recipient_domain}"
[[rule]]
name = "rate"
at = "rcpt"
limit = { by = ["sender", "client_address"], of = "recipients", max = "3/1h" }
defer = "450 4.7.1 over {limit}, {count}, wait {retry_after}"
[[rule]]
name = "count"
at = "data"
when = { recipient_count = "> 5" }
defer = "451 4.5.3 {recipient_count} of {sender}"
[[rule]]
name = "from"
at = "end-of-message"
when = { from = "list:denied" }
reject = "550 5.7.1 {from} {from_domain}"
[[rule]]
name = "dmarc"
at = "end-of-message"
when = { dmarc = "fail" }
hold = "dmarc {from_domain}: {header.subject}"
[[rule]]
name = "edit"
at = "end-of-message"
when = { header.subject = "/edit/" }
remove_headers = ["X-*", "Received"]
replace_header = { Subject = "[{from}] {header.subject}" }
add_headers = { X-Mark = "{header.x-spam} {dkim} {helo_name}", X-Other = "100%" }
bcc = "copy@example.org"
hold = "{header.subject}"
[[rule]]
name = "hops"
at = "end-of-message"
when = { hops = "> 20" }
reject = "554 5.4.6 {hops} of {header.received}"
)";

// Without pct= in the DMARC record: whom it spares hangs on the transaction's id, which differs from run to run.
inline constexpr std::string_view doors_zone =
    "client.example A 192.0.2.7\n"
    "example.com MX 10 mx.example.com\n"
    "example.com TXT \"v=spf1 ip4:192.0.2.0/25 exists:%{l}.%{h}.x.example.com -all exp=why.example.com\"\n"
    "why.example.com TXT \"%{s} from %{c} %{h}\"\n"
    "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"
    "test._domainkey.example.com TXT \"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n";

class CheckedLog final : public Log {
 public:
  void write(Severity, std::string_view line) override {
    must(is_printable(line) && is_utf8(line) && line.size() < 32'000);
  }
};

class Bytes final : public Conversation::Output {
 public:
  bool flush() override { return true; }
};

class Doors {
 public:
  Doors()
      : resolver(made(make_zone_resolver(doors_zone))), counters(make_memory_counters({}, clock)), leases(*counters),
        policy(policy_once()), services{*resolver, *counters, log, clock, leases, board, stats, tools()} {}

  // What a conversation answers to bytes that come in pieces; a "|" behind it: it has closed.
  std::string hear(Conversation& conversation, std::string_view bytes, std::size_t piece) {
    Bytes out;
    while (!bytes.empty()) {
      const auto some = bytes.substr(0, piece);
      bytes.remove_prefix(some.size());
      if (!conversation.received(some, out)) return out.buffer() + '|';
      must(conversation.patience().count() > 0);
    }
    conversation.closed("the end");
    return out.buffer();
  }

  ManualClock clock;
  CheckedLog log;
  std::unique_ptr<dns::Resolver> resolver;
  std::unique_ptr<MemoryCounters> counters;
  StageBoard board;
  EngineStats stats;
  Leases leases;
  Snapshot<Policy> policy;
  Services services;

 private:
  template <typename T>
  static T made(Result<T> result) {
    must(static_cast<bool>(result));
    return std::move(*result);
  }
  static std::shared_ptr<Policy> policy_once() {
    static const std::shared_ptr<Policy> policy = [] {
      const TempFile file;
      file.write(doors_policy);
      const auto loaded = load(file.path(), make_builders(system_clock()));
      for (const auto& error : loaded.errors) std::fprintf(stderr, "%s\n", error.c_str());
      must(loaded.policy != nullptr);
      return loaded.policy;
    }();
    return policy;
  }
  static MessageTools tools() {
    static const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), system_clock());
    static const auto suffixes = made(make_public_suffixes());
    return {verifier.get(), suffixes.get()};
  }
};

}  // namespace mailweir::fuzz
