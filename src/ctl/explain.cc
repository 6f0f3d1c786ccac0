// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl explain: brings a described transaction to doors like the daemon's, with a counter store of their own,
// and tells what each rule found, what decided, and what each door answers. Nothing is charged to the daemon's
// counters.
#include <atomic>
#include <iostream>

#include <boost/program_options.hpp>

#include "adapter/counters/memory_counters.h"
#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_public_key.h"
#include "adapter/verify/public_suffixes.h"
#include "check/dkim_verify.h"
#include "ctl/check_command.h"
#include "ctl/command.h"
#include "ctl/dns_options.h"
#include "ctl/explanation.h"
#include "ctl/policy_file.h"
#include "ctl/recording_resolver.h"
#include "ctl/rehearsal.h"
#include "ctl/stated_scanner.h"
#include "ctl/timed_scanner.h"
#include "ctl/usage.h"
#include "ctl/verifier_choice.h"
#include "ctl/what_if.h"
#include "fact/dnsbl_watch.h"
#include "mail/path.h"
#include "start/scanners.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

constexpr std::uint64_t largest_size = std::uint64_t{1} << 40;  // without a message file it is played piece by piece

struct Options {
  std::string file = default_policy_file(), message, verifier;  // no verifier: the policy's
  DnsOptions dns;
  std::vector<std::string> facts;
  bool scan = false;
  WhatIf what;
};

// --resolved belongs to the --sender or --recipient before it.
void read_resolved(const po::parsed_options& parsed, WhatIf& what) {
  std::string* last = nullptr;
  std::size_t recipients = 0;
  what.resolved.resize(what.recipients.size());
  for (const auto& option : parsed.options) {
    if (option.string_key == "sender") last = &what.sender_resolved;
    if (option.string_key == "recipient") last = &what.resolved[recipients++];
    if (option.string_key != "resolved") continue;
    if (last == nullptr) throw po::error("--resolved " + option.value.front() + " must follow --sender or --recipient");
    *last = option.value.front();
  }
}

std::optional<Options> parse(const Arguments& args) {
  Options options;
  std::string size;
  WhatIf& what = options.what;
  po::options_description all("Usage: mailweirctl explain [OPTION...] [MESSAGE-FILE]\n\nThe transaction");
  all.add_options()("client", po::value(&what.client_address)->value_name("ADDRESS"), "client_address")(
      "client-name", po::value(&what.client_name)->value_name("NAME"), "client_name, as the MTA confirmed it")(
      "reverse-name", po::value(&what.reverse_client_name)->value_name("NAME"), "reverse_client_name")(
      "helo", po::value(&what.helo)->value_name("NAME"), "helo_name")(
      "sender", po::value(&what.sender)->value_name("ADDRESS"),
      "the envelope sender, as MAIL has it; <> is the null sender")(
      "recipient", po::value(&what.recipients)->value_name("ADDRESS")->composing(),
      "a recipient, as RCPT has it; may be given several times")(
      "resolved", po::value<std::vector<std::string>>()->value_name("ADDRESS")->composing(),
      "what the MTA makes of the sender or recipient before it")(
      "login", po::value(&what.sasl_username)->value_name("LOGIN"), "sasl_username")(
      "tls", po::value(&what.encryption_protocol)->value_name("PROTOCOL"), "encryption_protocol, such as TLSv1.3")(
      "cipher", po::value(&what.encryption_cipher)->value_name("NAME"), "encryption_cipher")(
      "keysize", po::value(&what.encryption_keysize)->value_name("BITS"), "encryption_keysize")(
      "service", po::value(&what.service)->value_name("NAME"), "service")(
      "size", po::value(&size)->value_name("BYTES"),
      "the size that the client declares; the message's, if there is no file")(
      "fact", po::value(&options.facts)->value_name("NAME=VALUE")->composing(),
      "what a scanner says of the message file: virus=infected, virus_name=NAME, spam_score=6.5, "
      "spam_action=WORDS, spam_symbols=NAME,NAME")("scan", po::bool_switch(&options.scan),
                                                   "have the scanners of the policy scan the message file")(
      "local", po::bool_switch(&what.local), "as from sendmail(1)");
  po::options_description more("Where from");
  more.add_options()("config,c", po::value(&options.file)->value_name("FILE"), "the policy file")(
      "message", po::value(&options.message)->value_name("FILE"), "a message file, for its header and size")(
      "verifier", po::value(&options.verifier)->value_name("NAME"), verifier_help)("help,h", "print this");
  options.dns.add_to(more);
  all.add(more);
  po::positional_options_description positions;
  positions.add("message", 1);
  po::variables_map values;
  const auto parsed = po::command_line_parser(args).options(all).positional(positions).run();
  po::store(parsed, values);
  po::notify(values);
  read_resolved(parsed, what);
  if (values.count("help") != 0) {
    print_help(all);
    return {};
  }
  if (what.recipients.empty()) what.recipients.emplace_back("recipient@example.net"), what.resolved.emplace_back();
  if (values.count("sender") == 0) what.sender = "sender@example.com";
  if (values.count("size") != 0) {
    what.declared_size = size_in_bytes(size);
    if (!what.declared_size) throw po::error("--size " + size + " is not a number of bytes");
    if (*what.declared_size > largest_size) throw po::error("--size " + size + " is more than a terabyte");
  }
  const auto client = IpAddress::parse(what.client_address);
  if (!client) throw po::error("--client " + what.client_address + " is not an IP address");
  if (what.local) {  // as Postfix introduces it to its milters
    if (values.count("client") == 0) what.client_address = "127.0.0.1";
    else if (!client->is_loopback())
      throw po::error("--client " + what.client_address + " is not this host, where --local mail comes from");
    for (auto* name : {&what.client_name, &what.reverse_client_name})
      if (name->empty()) *name = "localhost";
    if (values.count("helo") == 0) what.helo = "localhost";
  }
  return options;
}

// What the daemon would have made of the file.
struct Scene {
  Scene(Services& services, const Loaded& loaded)
      : policy(loaded.policy), milter{services,     *digests, policy, limits_of(loaded.config->milter),
                                      milter_stats, draining},
        policy_door{services, policy, {}, policy_stats}, http{services, policy,    {},         http_stats,
                                                              {},       bad_lines, login_lines} {}

  static MilterLimits limits_of(const MilterConfig& config) {
    return {.header_bytes = config.max_header_bytes,
            .recipients = config.max_recipients,
            .from = {config.max_from_addresses, config.max_from_bytes}};
  }

  const DigestsPtr digests = openssl_digests();
  const Snapshot<Policy> policy;
  const std::atomic<bool> draining{false};
  MilterStats milter_stats;
  PolicyDoorStats policy_stats;
  HttpDoorStats http_stats;
  OnceAMinute bad_lines, login_lines;
  const MilterDoor milter;
  const PolicyDoor policy_door;
  const HttpDoor http;
};

}  // namespace

int explain_command(const Arguments& args) {
  auto options = parse(args);
  if (!options) return 0;
  WhatIf& what = options->what;
  if (!options->message.empty()) {
    what.message = read_message(options->message);
    if (!what.message) return 1;
  }
  StatedScanner clamd("clamd"), spam("the spam scanner");
  for (const auto& fact : options->facts)
    if (const auto stated = (fact.starts_with("spam_") ? spam : clamd).state(fact); !stated)
      return wrong_usage(stated.error().what);
  if (!options->facts.empty() && !what.message) return wrong_usage("--fact needs a message file, which is scanned");
  if (options->scan && (!options->facts.empty() || !what.message))
    return wrong_usage("--scan needs a message file, and no --fact");
  const auto loaded = read_policy_file(options->file);
  if (!loaded) return 1;
  if (!options->verifier.empty()) {
    const auto judge = choose_verifier(options->verifier);
    if (!judge) return wrong_usage(judge.error().what);
    loaded->policy->dkim_judge = *judge;
  }
  const SystemClock clock;
  const auto resolver = choose_resolver(options->dns, loaded->config->dns, clock);
  if (!resolver) {
    std::cerr << "mailweirctl: " << resolver.error().what << '\n';
    return 1;
  }
  // As the daemon does before a block list counts.
  NullLog nowhere;
  DnsblWatch(*resolver->resolver, nowhere).step(loaded->policy->dnsbl, clock.steady(), clock.wall());
  const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), clock);
  const auto suffixes = make_public_suffixes();
  if (!suffixes) {
    std::cerr << "mailweirctl: " << suffixes.error().what << '\n';
    return 1;
  }
  const auto counters = make_memory_counters({}, clock);
  Leases leases(*counters);
  StageBoard board;
  EngineStats stats;
  RecordingResolver recording(*resolver->resolver);
  std::vector<TimedScan> scans;
  std::optional<Scanners> scanners;
  std::optional<TimedScanner> timed_virus, timed_spam;
  if (options->scan) {
    scanners.emplace(*loaded->config, nowhere, clock);
    if (scanners->virus() != nullptr) timed_virus.emplace(*scanners->virus(), scans);
    if (scanners->spam() != nullptr) timed_spam.emplace(*scanners->spam(), scans);
  }
  Scanner* const virus = timed_virus ? &*timed_virus : static_cast<Scanner*>(&clamd);
  Scanner* const score = timed_spam ? &*timed_spam : static_cast<Scanner*>(&spam);
  Explanation explanation(what, std::cout);
  Services services{recording, *counters, explanation, clock,
                    leases,    board,     stats,       {verifier.get(), suffixes->get(), virus, score}};
  services.witness = &explanation;
  Scene scene(services, *loaded);
  Rehearsal rehearsal({scene.milter, scene.policy_door, scene.http}, what, explanation);
  const auto fate = rehearsal.run();
  explanation.conclude(fate, rehearsal.edits(), *loaded->policy, {recording.lookups(), resolver->asked, scans});
  using enum Rehearsal::Fate;
  return fate == taken || fate == held || fate == discarded ? 0 : 1;
}

}  // namespace mailweir
