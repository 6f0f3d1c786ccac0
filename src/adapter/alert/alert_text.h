// SPDX-License-Identifier: BSD-2-Clause
// What a notice says: as JSON for a webhook or a command, and as a mail. Nothing in it that came from the network is
// taken for more than text: in JSON it is escaped and valid UTF-8, in the mail it is printable ASCII, other bytes as
// \xHH.
#pragma once

#include <string>
#include <vector>

#include "adapter/alert/alert_group.h"

namespace mailweir {

// One line for people: "over: alice@example.com has crossed 100/1h of rule stolen (100 counted)". Printable ASCII.
std::string one_line(const AlertNotice& notice);

// {"type": "alert" or "summary", "host", "text": one_line, ...}; mailweir.toml(5) names the fields. Ends with a
// newline.
std::string alert_json(const AlertNotice& notice, const std::string& host);

// A whole message with LF lines of at most 998 bytes (RFC 5322 2.1.1), marked as made by a machine (RFC 3834 5).
// `from` and `to` are addresses of the policy file.
std::string alert_mail(const AlertNotice& notice, const std::string& host, const std::string& from,
                       const std::vector<std::string>& to, WallTime now);

}  // namespace mailweir
