// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl(1): the admin's tool.
#include <cstdlib>
#include <iostream>
#include <string_view>

#include <boost/program_options.hpp>

#include "config.h"

#include "base/safe_output.h"
#include "ctl/command.h"

namespace {

struct Command {
  std::string_view name, meaning;
  int (*run)(const mailweir::Arguments&);
};

constexpr Command commands[] = {
    {"alerts", "send a test to all who receive alerts", mailweir::alerts_command},
    {"block", "refuse a key of a limit for some time", mailweir::block_command},
    {"blocks", "the keys that limits have blocked", mailweir::blocks_command},
    {"check", "read a policy file and tell all its errors", mailweir::check_command},
    {"config", "print the effective configuration, defaults included", mailweir::config_command},
    {"counters", "what limits have counted", mailweir::counters_command},
    {"dkim", "whether the signatures of a message are good", mailweir::dkim_command},
    {"dmarc", "whether DKIM or SPF speaks for the domain in From", mailweir::dmarc_command},
    {"dns", "have the daemon forget answers of the DNS", mailweir::dns_command},
    {"dnsbl", "whether a block list lists an address or a domain", mailweir::dnsbl_command},
    {"empty-list", "say that a list in Redis is meant to be empty", mailweir::empty_list_command},
    {"explain", "what the policy says to a message, rule by rule", mailweir::explain_command},
    {"iprev", "whether an address has a name that leads back to it", mailweir::iprev_command},
    {"reload", "have the daemon read its policy again", mailweir::reload_command},
    {"reset", "forget what was counted for a key of a limit", mailweir::reset_command},
    {"sender-domain", "whether mail to a sender's domain has somewhere to go", mailweir::sender_domain_command},
    {"spf", "whether a client may send in the name of a domain", mailweir::spf_command},
    {"status", "how the daemon is: doors, rules, counters, DNS", mailweir::status_command},
    {"unblock", "let a blocked key send again", mailweir::unblock_command},
};

int usage(std::ostream& out, int status) {
  out << "Usage: mailweirctl COMMAND [OPTION...]\n\n";
  for (const auto& command : commands) out << "  " << command.name << std::string(15 - command.name.size(), ' ') << command.meaning << '\n';
  out << "\nmailweirctl COMMAND --help tells a command's options; mailweirctl(1) tells it all.\n";
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
  } catch (const boost::program_options::error& failure) {
    std::cerr << "mailweirctl " << name << ": " << failure.what() << "; see mailweirctl " << name << " --help\n";
    return 64;
  } catch (const std::exception& failure) {
    std::cerr << "mailweirctl " << name << ": " << failure.what() << '\n';
    return EXIT_FAILURE;
  }
  if (!name.empty()) std::cerr << "mailweirctl: there is no command " << name << "\n\n";
  return usage(std::cerr, 64);
}
