// SPDX-License-Identifier: BSD-2-Clause
// AlertReceivers: to whom alerts go, as [alerts] says; any of them may stand beside the others.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace mailweir {

struct AlertReceivers {
  std::string webhook;               // a URL, https: or on the loopback; "": none
  std::string webhook_header;        // that carries the token; "": Authorization: Bearer
  std::string webhook_token_file;    // its first line is the token; "": none
  std::vector<std::string> command;  // argv; empty: none
  std::vector<std::string> mail_to;  // empty: none
  std::string mail_from, sendmail = "/usr/sbin/sendmail";
  std::chrono::milliseconds group{std::chrono::minutes(5)};      // 0: each alert goes by itself
  std::chrono::milliseconds deadline{std::chrono::seconds(10)};  // of each try

  bool any() const { return !webhook.empty() || !command.empty() || !mail_to.empty(); }
  bool operator==(const AlertReceivers&) const = default;
};

}  // namespace mailweir
