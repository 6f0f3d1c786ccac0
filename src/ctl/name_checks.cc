// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl iprev, mailweirctl sender-domain: the checks of names, by hand.
#include <boost/program_options.hpp>

#include "check/iprev.h"
#include "check/sender_domain.h"
#include "ctl/check_command.h"
#include "mail/address.h"
#include "mail/domain.h"

namespace mailweir {

namespace po = boost::program_options;

int iprev_command(const Arguments& args) {
  std::string ip;
  CheckCommand command("Usage: mailweirctl iprev ADDRESS [OPTION...]");
  command.options().add_options()("ip", po::value(&ip)->value_name("ADDRESS")->required(), "the client's address");
  if (const auto done = command.parse(args, {"ip"})) return *done;
  const auto client = IpAddress::parse(ip);
  if (!client) return wrong_usage(ip + " is not an IP address");
  const auto result = iprev(command.lookups(), *client);
  return command.answer({std::string(to_string(result.word)), result.reason, {}}, result.word == AuthWord::pass);
}

int sender_domain_command(const Arguments& args) {
  std::string sender;
  CheckCommand command("Usage: mailweirctl sender-domain ADDRESS|DOMAIN [OPTION...]");
  command.options().add_options()("sender", po::value(&sender)->value_name("ADDRESS|DOMAIN")->required(),
                                  "the envelope sender, or its domain");
  if (const auto done = command.parse(args, {"sender"})) return *done;
  const bool address = sender.find('@') != sender.npos;
  const std::string domain =
      address ? std::string(Address::parse(sender).domain()) : to_domain(sender).value_or(sender);
  if (domain.empty()) return wrong_usage(sender + " has no domain");
  const auto result = sender_domain_dns(command.lookups(), domain);
  return command.answer({std::string(to_string(result.status)), result.reason, {}},
                        result.status == DomainStatus::exists);
}

}  // namespace mailweir
