// SPDX-License-Identifier: BSD-2-Clause
// AlertReceiver: one way to an admin: a webhook, a command, a mail. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "adapter/alert/alert_group.h"
#include "adapter/alert/child_process.h"
#include "base/clock.h"
#include "base/result.h"
#include "port/alert_receivers.h"

namespace mailweir {

class AlertReceiver {
 public:
  virtual ~AlertReceiver() = default;
  // One try. A temporary error may be tried again.
  virtual Result<void> send(const AlertNotice& notice, Deadline deadline, const GiveUp& give_up) = 0;
};
using AlertReceiverPtr = std::shared_ptr<AlertReceiver>;

// A POST of the JSON, done with any 2xx. Redirects are not followed, TLS is verified. Temporary: no answer, 408, 429,
// 5xx. `header` is a whole header line ("Authorization: Bearer ..."); "": none. Error: libcurl is not installed.
Result<AlertReceiverPtr> make_webhook(std::string url, std::string header, std::string host);
// The JSON on the command's standard input.
AlertReceiverPtr make_alert_command(std::vector<std::string> argv, std::string host);
// A mail, by the local sendmail program.
AlertReceiverPtr make_alert_mail(const AlertReceivers& receivers, std::string host, const Clock& clock);

}  // namespace mailweir
