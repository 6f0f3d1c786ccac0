// SPDX-License-Identifier: BSD-2-Clause
// The receivers that are programs of this machine. What an alert says is on their standard input only: no word of it
// reaches a command line.
#include "adapter/alert/alert_receiver.h"
#include "adapter/alert/alert_text.h"

namespace mailweir {
namespace {

class AlertCommand final : public AlertReceiver {
 public:
  AlertCommand(std::vector<std::string> argv, std::string host) : argv_(std::move(argv)), host_(std::move(host)) {}
  Result<void> send(const AlertNotice& notice, Deadline deadline, const GiveUp& give_up) override {
    return run_program(argv_, alert_json(notice, host_), deadline, give_up);
  }

 private:
  const std::vector<std::string> argv_;
  const std::string host_;
};

// -oi: a line of one dot is no end. The recipients stand behind --, they are the policy file's.
class AlertMail final : public AlertReceiver {
 public:
  AlertMail(const AlertReceivers& receivers, std::string host, const Clock& clock)
      : argv_{receivers.sendmail, "-oi", "-f", receivers.mail_from, "--"}, from_(receivers.mail_from),
        to_(receivers.mail_to), host_(std::move(host)), clock_(clock) {
    argv_.insert(argv_.end(), to_.begin(), to_.end());
  }
  Result<void> send(const AlertNotice& notice, Deadline deadline, const GiveUp& give_up) override {
    return run_program(argv_, alert_mail(notice, host_, from_, to_, clock_.wall()), deadline, give_up);
  }

 private:
  std::vector<std::string> argv_;
  const std::string from_;
  const std::vector<std::string> to_;
  const std::string host_;
  const Clock& clock_;
};

}  // namespace

AlertReceiverPtr make_alert_command(std::vector<std::string> argv, std::string host) {
  return std::make_shared<AlertCommand>(std::move(argv), std::move(host));
}

AlertReceiverPtr make_alert_mail(const AlertReceivers& receivers, std::string host, const Clock& clock) {
  return std::make_shared<AlertMail>(receivers, std::move(host), clock);
}

}  // namespace mailweir
