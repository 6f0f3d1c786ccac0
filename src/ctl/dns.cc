// SPDX-License-Identifier: BSD-2-Clause
// dns flush: the running daemon forgets what it was told by the DNS.
#include <iostream>

#include <nlohmann/json.hpp>

#include "ctl/command.h"
#include "ctl/daemon_client.h"

namespace mailweir {

int dns_command(const Arguments& args) {
  std::string what, name;
  const auto asked =
      parse_asked(args, "Usage: mailweirctl dns flush [NAME] [--json] [--socket PATH]", {},
                  {{"what", "WHAT", "flush", &what, true},
                   {"name", "NAME", "only this name and all below it; an address: its reverse name", &name, true}});
  if (!asked) return 0;
  if (what != "flush") {
    std::cerr << "mailweirctl: dns " << (what.empty() ? "needs a command" : "does not know \"" + what + '"')
              << "; write: mailweirctl dns flush [NAME]\n";
    return exit_usage;
  }
  const auto response = tell_daemon(*asked, "/dns/flush", {{"name", name}});
  if (!response) return exit_no_answer;
  const auto answer = nlohmann::json::parse(response->body, nullptr, false);
  if (response->status != 200 || !answer.is_object()) {
    std::cerr << "mailweirctl: the daemon's answer: " << response->body;
    return response->status == 400 ? 1 : exit_no_answer;
  }
  if (asked->json) std::cout << response->body;
  else std::cout << "dropped " << answer["dropped"] << " answers\n";
  return 0;
}

}  // namespace mailweir
