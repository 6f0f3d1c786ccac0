// SPDX-License-Identifier: BSD-2-Clause
// alerts test: a test through each receiver of alerts of the running daemon.
#include <iostream>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ctl/command.h"
#include "ctl/daemon_client.h"

namespace mailweir {

int alerts_command(const Arguments& args) {
  std::string what;
  const auto asked = parse_asked(args, "Usage: mailweirctl alerts test [--json] [--socket PATH]", {},
                                 {{"what", "WHAT", "test", &what, true}});
  if (!asked) return 0;
  if (what != "test") {
    std::cerr << "mailweirctl: alerts " << (what.empty() ? "needs a command" : "does not know \"" + what + '"')
              << "; write: mailweirctl alerts test\n";
    return 64;
  }
  const auto response = tell_daemon(*asked, "/alerts/test");
  if (!response) return exit_no_answer;
  const auto outcomes = nlohmann::json::parse(response->body, nullptr, false);
  if (response->status != 200 || !outcomes.is_array()) {
    std::cerr << "mailweirctl: the daemon's answer: " << response->body << '\n';
    return exit_no_answer;
  }
  if (asked->json) std::cout << response->body;
  bool good = !outcomes.empty();
  if (outcomes.empty() && !asked->json) std::cerr << "the policy has no [alerts]: alerts are only logged\n";
  for (const auto& outcome : outcomes) {
    const bool sent = outcome["sent"].get<bool>();
    good = good && sent;
    if (!asked->json)
      std::cout << outcome["receiver"].get<std::string>() << ": "
                << (sent ? "sent" : "not sent: " + cleaned(outcome["reason"].get<std::string>(), false, 500)) << '\n';
  }
  return good ? 0 : 1;
}

}  // namespace mailweir
