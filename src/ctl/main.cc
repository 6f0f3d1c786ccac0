// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl(1): the admin's tool.
#include <cstdlib>
#include <iostream>
#include <string_view>

#include <boost/program_options.hpp>

#include "config.h"

#include "base/safe_output.h"
#include "ctl/command.h"
#include "ctl/usage.h"

namespace {

struct Command {
  std::string_view name, meaning;
  int (*run)(const mailweir::Arguments&);
};

constexpr Command commands[] = {
    {"alerts", "send a test alert to all receivers", mailweir::alerts_command},
    {"block", "block a key of a limit for some time", mailweir::block_command},
    {"blocks", "list the blocked keys", mailweir::blocks_command},
    {"check", "check a policy file and report all errors", mailweir::check_command},
    {"config", "print the effective configuration, including defaults", mailweir::config_command},
    {"counters", "list what limits have counted", mailweir::counters_command},
    {"dkim", "verify a message; make, publish and check keys", mailweir::dkim_command},
    {"dmarc", "evaluate DMARC for a message or domain", mailweir::dmarc_command},
    {"dns", "drop cached DNS answers of the daemon", mailweir::dns_command},
    {"dnsbl", "look an address or domain up in a DNSBL", mailweir::dnsbl_command},
    {"empty-list", "delete a list in Redis, and mark it as empty on purpose", mailweir::empty_list_command},
    {"explain", "show what the policy does with a message, rule by rule", mailweir::explain_command},
    {"export", "write the ways out as static tables of Postfix", mailweir::export_command},
    {"iprev", "check whether an address has a name that resolves back to it", mailweir::iprev_command},
    {"reload", "make the daemon read its policy again", mailweir::reload_command},
    {"reputation", "look our addresses and domains up in DNSBLs and the DNS", mailweir::reputation_command},
    {"reset", "delete what was counted for a key of a limit", mailweir::reset_command},
    {"routes", "print what a mail server needs for the ways out, or verify it", mailweir::routes_command},
    {"sender-domain", "check whether a sender's domain can receive mail", mailweir::sender_domain_command},
    {"spf", "check whether a client may send for a domain", mailweir::spf_command},
    {"status", "show the state of the daemon: doors, rules, counters, DNS", mailweir::status_command},
    {"suppressed", "recipients that bounces have proved dead", mailweir::suppressed_command},
    {"unblock", "end the block of a key", mailweir::unblock_command},
};

int usage(std::ostream& out, int status) {
  out << "Usage: mailweirctl COMMAND [OPTION...]\n\n";
  for (const auto& command : commands)
    out << "  " << command.name << std::string(15 - command.name.size(), ' ') << command.meaning << '\n';
  out << "\nmailweirctl COMMAND --help prints the options of a command; see also mailweirctl(1).\n";
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  // What others have sent, or written into a policy file, must not move a terminal's cursor or turn its lines around.
  const mailweir::SafeOutput output(std::cout), errors(std::cerr);
  const std::string_view name = argc > 1 ? argv[1] : "";
  if (name == "--help" || name == "-h" || name == "help") return usage(std::cout, EXIT_SUCCESS);
  if (name == "--version" || name == "-V") {
    std::cout << "mailweirctl " PACKAGE_VERSION "\n";
    return EXIT_SUCCESS;
  }
  try {
    for (const auto& command : commands)
      if (command.name == name) return command.run(mailweir::Arguments(argv + 2, argv + argc));
  } catch (const mailweir::MissingWord& missing) {
    std::cerr << "mailweirctl: " << missing.what() << '\n';
    return 64;
  } catch (const boost::program_options::error& failure) {
    std::cerr << "mailweirctl " << name << ": " << failure.what() << "; see mailweirctl " << name << " --help\n";
    return 64;
  } catch (const std::exception& failure) {
    std::cerr << "mailweirctl " << name << ": " << failure.what() << '\n';
    return EXIT_FAILURE;
  }
  if (!name.empty()) std::cerr << "mailweirctl: unknown command " << name << "\n\n";
  return usage(std::cerr, 64);
}
