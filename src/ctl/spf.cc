// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl spf: one SPF check by hand, with the daemon's own evaluator or with libspf2.
#include <boost/program_options.hpp>

#include "adapter/libspf2/libspf2_engine.h"
#include "check/spf.h"
#include "check/spf_request.h"
#include "ctl/check_command.h"
#include "mail/address.h"

namespace mailweir {

namespace po = boost::program_options;

int spf_command(const Arguments& args) {
  std::string ip, sender, helo, receiver, engine = "builtin";
  CheckCommand command("Usage: mailweirctl spf --ip ADDRESS --sender ADDRESS [--helo NAME] [OPTION...]");
  command.options().add_options()("ip", po::value(&ip)->value_name("ADDRESS")->required(), "the client's address")(
      "sender", po::value(&sender)->value_name("ADDRESS"),
      "the envelope sender; <> or none: postmaster of the HELO name")("helo", po::value(&helo)->value_name("NAME"),
                                                                      "what the client says in HELO")(
      "receiver", po::value(&receiver)->value_name("NAME"), "our name, for explanations")(
      "engine", po::value(&engine)->value_name("ENGINE"), "builtin or libspf2");
  if (const auto done = command.parse(args)) return *done;
  const auto client = IpAddress::parse(ip);
  if (!client) return wrong_usage("--ip " + ip + " is not an IP address");
  if (engine != "builtin" && engine != "libspf2") return wrong_usage("--engine must be builtin or libspf2");

  auto request = spf::request_for(*client, Address::parse(sender), helo);
  request.receiver = receiver;
  request.now = command.clock().wall();
  request.explain = true;
  const auto checker = engine == "libspf2" ? make_libspf2_engine() : spf::make_engine();
  const auto result = checker->check(command.lookups(), request);
  return command.answer({std::string(to_string(result.word)),
                         result.reason,
                         {{"domain", result.domain},
                          {"record", result.record},
                          {"mechanism", result.mechanism},
                          {"explanation", result.explanation},
                          {"limits", std::to_string(result.terms) + " of " + std::to_string(spf::most_terms) +
                                         " terms that ask the DNS, " + std::to_string(result.voids) + " of " +
                                         std::to_string(spf::most_voids) + " without an answer"}}},
                        result.word == AuthWord::pass);
}

}  // namespace mailweir
