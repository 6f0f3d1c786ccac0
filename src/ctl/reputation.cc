// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl reputation: our addresses and domains in the DNSBLs, and what the DNS says of them; a change is an alert.
#include <algorithm>
#include <ctime>
#include <iostream>

#include <unistd.h>

#include <boost/program_options.hpp>

#include "base/duration.h"
#include "base/text.h"
#include "ctl/check_command.h"
#include "ctl/policy_file.h"
#include "ctl/reputation_alerts.h"
#include "ctl/usage.h"
#include "mail/domain.h"
#include "reputation/look.h"
#include "reputation/memory_file.h"
#include "reputation/report.h"
#include "start/privileges.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

constexpr int exit_unknown = 2;  // something could not be asked, kept or told
constexpr std::size_t most_domains = 1000;
constexpr std::chrono::seconds for_keys{10};  // of one domain, or the names of all

struct Options {
  std::string file = default_policy_file(), deadline = "50s", now;
  bool json = false, quiet = false, all = false, dry = false;
  DnsOptions dns;
};

void complain(const std::string& why) { std::cerr << "mailweirctl reputation: " << cleaned(why, false, 500) << '\n'; }

// "2026-12-01T05:00:00Z"
std::optional<WallTime> parse_time(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

void add(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// Those of [reputation], or those that mail is signed for, and ours.
std::vector<std::string> domains_of(const Loaded& loaded) {
  const Config& config = *loaded.config;
  const Policy& policy = *loaded.policy;
  std::vector<std::string> names;
  for (const auto& name : config.reputation.domains) add(names, name);
  if (!names.empty()) return names;
  for (const auto& name : config.reputation.key_domains) add(names, name);
  if (policy.stated_keys != nullptr) {
    const auto found = policy.stated_keys->keys().domains(Deadline::in(for_keys));
    if (!found) complain("[dkim] keys: " + found.error().what);
    else
      for (const auto& name : *found) add(names, name);
  }
  if (is_fully_qualified(policy.hostname)) add(names, policy.hostname);
  if (names.size() > most_domains) {
    complain("only the first " + std::to_string(most_domains) + " of " + std::to_string(names.size()) +
             " domains are looked at; name the important ones in [reputation] domains");
    names.resize(most_domains);
  }
  return names;
}

Watched watched_of(const Loaded& loaded, WallTime now) {
  const Policy& policy = *loaded.policy;
  const ReputationConfig& config = loaded.config->reputation;
  Watched watched;
  watched.hostname = policy.hostname;
  watched.spf = policy.spf_engine;
  watched.now = now;
  const auto is_known = [&](const IpAddress& address) {
    return std::ranges::any_of(watched.addresses, [&](const auto& one) { return one.address == address; });
  };
  for (const auto& route : policy.egress)
    for (const auto& address : route.addresses)
      if (!is_known(address)) watched.addresses.push_back({address, true});
  for (const auto& address : config.relay_addresses)
    if (!is_known(address)) watched.addresses.push_back({address, false});
  for (const auto& name : domains_of(loaded))
    watched.domains.push_back({name, policy.keys.find(name, Deadline::in(for_keys)).keys});
  for (const auto& list : policy.dnsbl) {
    if (!config.asks(list.name, list.weight)) continue;
    const auto removal = config.removals.find(list.name);
    watched.lists.push_back({list, removal == config.removals.end() ? "" : removal->second});
  }
  return watched;
}

// As the daemon's user: what it writes the daemon reads, and the next look by its timer.
Result<void> become_daemon_user(const GeneralConfig& general) {
  if (::geteuid() != 0) return {};
  const auto identity = find_identity(general.user, general.group);
  if (!identity) return identity.error();
  return drop_privileges(*identity);
}

struct Kept {
  Fd lock;
  Memory memory;
};

Result<Kept> recall(const std::string& path) {
  auto lock = lock_memory(path);
  if (!lock) return lock.error();
  auto memory = read_memory(path);
  if (memory) return Kept{std::move(*lock), std::move(*memory)};
  if (memory.error().temporary) return memory.error();
  complain(move_aside(path, memory.error().what));
  return Kept{std::move(*lock), {}};
}

void print(const ReputationReport& report, const Options& options, bool first) {
  if (options.json) {
    std::cout << report_json(report);
    return;
  }
  if (!options.quiet) std::cout << report_text(report, options.all);
  if (report.changes.empty() || (first && !options.quiet)) return;
  std::cout << (options.quiet ? "" : "\nsince the last look:\n") << changes_text(report.changes);
}

int run(const Options& options, std::chrono::milliseconds time, WallTime now) {
  static const SystemClock clock;
  const auto loaded = read_policy_file(options.file);
  if (!loaded) return exit_unknown;
  const Config& config = *loaded->config;
  if (const auto became = become_daemon_user(config.general); !became && !options.dry) {
    complain(became.error().what);
    return exit_unknown;
  }
  const auto watched = watched_of(*loaded, now);
  if (watched.addresses.empty())
    complain("[egress] addresses is missing: no address is looked at, and SPF is not evaluated");
  const auto resolver = choose_resolver(options.dns, config.dns, clock);
  if (!resolver) return wrong_usage(resolver.error().what);
  Result<Kept> kept = options.dry ? Result<Kept>(Kept()) : recall(config.reputation.state);
  if (!kept) {
    complain(kept.error().what);
    return exit_unknown;
  }

  const auto findings = look(*resolver->resolver, watched, Deadline::in(time));
  std::vector<std::string> lists;
  for (const auto& list : watched.lists) lists.push_back(list.name);
  const bool first = kept->memory.looked == WallTime();
  const auto changes = remember(kept->memory, findings, lists, now, config.reputation.remind);
  print({watched, findings, options.dry ? std::vector<Change>() : changes.fresh, now}, options, first || options.dry);
  if (options.dry) return exit_status(findings);

  bool good = true;
  if (!changes.untold.empty() && config.alerts.any()) {
    good = tell(changes.untold, config, watched.hostname, now, clock);
    if (good) note_told(kept->memory, changes.untold, now);
  }
  if (const auto written = write_memory(config.reputation.state, kept->memory); !written) {
    complain(written.error().what);
    good = false;
  }
  return good ? exit_status(findings) : exit_unknown;
}

}  // namespace

int reputation_command(const Arguments& args) {
  Options options;
  po::options_description all("Usage: mailweirctl reputation [OPTION...]");
  all.add_options()("config,c", po::value(&options.file)->value_name("FILE"), "the policy file");
  options.dns.add_to(all);
  all.add_options()("deadline", po::value(&options.deadline)->value_name("TIME"), "for all lookups together (50s)")(
      "quiet", po::bool_switch(&options.quiet), "print only what has changed since the last look")(
      "all", po::bool_switch(&options.all), "print what is good, too")("dry-run", po::bool_switch(&options.dry),
                                                                       "send no alert, and remember nothing")(
      "now", po::value(&options.now)->value_name("TIME"), "as if it were this time: 2026-12-01T05:00:00Z")(
      "json", po::bool_switch(&options.json), "print JSON")("help,h", "print this");
  if (!read_options(args, all, {})) return 0;
  const auto time = parse_duration(options.deadline);
  if (!time || time->count() <= 0)
    return wrong_usage("--deadline " + options.deadline + " is not a time; write 50s or 2m");
  const auto now = options.now.empty() ? std::optional(system_clock().wall()) : parse_time(options.now);
  if (!now) return wrong_usage("--now " + options.now + " is not a time; write 2026-12-01T05:00:00Z");
  return run(options, *time, *now);
}

}  // namespace mailweir
