// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/alert/alert_desk.h"

#include <csignal>

namespace mailweir {

Result<MadeReceivers> make_receivers(const AlertReceivers& wanted, const std::string& token, const std::string& host,
                                     const Clock& clock) {
  MadeReceivers made;
  made.group = wanted.group;
  made.deadline = wanted.deadline;
  const std::string header = token.empty()                   ? ""
                             : wanted.webhook_header.empty() ? "Authorization: Bearer " + token
                                                             : wanted.webhook_header + ": " + token;
  if (!wanted.webhook.empty()) {
    auto webhook = make_webhook(wanted.webhook, header, host);
    if (!webhook) return Error{"alerts.webhook: " + webhook.error().what};
    made.webhook = *webhook;
  }
  if (!wanted.command.empty()) made.command = make_alert_command(wanted.command, host);
  if (!wanted.mail_to.empty()) made.mail = make_alert_mail(wanted, host, clock);
  return made;
}

AlertDesk::AlertDesk(const Clock& clock, Log& log)
    : clock_(clock), webhook_("webhook", log), command_("command", log), mail_("mail", log) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

AlertDesk::~AlertDesk() { stop(std::chrono::milliseconds(0)); }

void AlertDesk::use(const MadeReceivers& receivers) {
  webhook_.use(receivers.webhook, receivers.deadline);
  command_.use(receivers.command, receivers.deadline);
  mail_.use(receivers.mail, receivers.deadline);
  {
    const std::lock_guard lock(mutex_);
    receivers_ = receivers;
    group_.set_span(receivers.group, clock_.steady());
  }
  used_ = receivers.webhook || receivers.command || receivers.mail;
  changed_.notify_all();
}

void AlertDesk::raise(Alert alert) {
  ++raised_;
  if (!used_) return;
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= most_waiting) {
    ++dropped_;
    ++untold_;
    return;
  }
  waiting_.push_back(std::move(alert));
  changed_.notify_all();
}

void AlertDesk::hand_out(const std::optional<AlertNotice>& notice) {
  if (!notice) return;
  for (AlertLane* lane : {&webhook_, &command_, &mail_}) lane->put(*notice);
}

void AlertDesk::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_ || !waiting_.empty()) {
    const auto now = clock_.steady();
    group_.lose(std::exchange(untold_, 0), now);
    for (; !waiting_.empty(); waiting_.pop_front()) hand_out(group_.add(std::move(waiting_.front()), now));
    hand_out(group_.due(now));
    if (stopping_) break;
    const auto woken = [&] { return stopping_ || !waiting_.empty() || untold_ > 0; };
    if (const auto next = group_.next()) changed_.wait_until(lock, *next);
    else changed_.wait(lock, [&] { return woken() || group_.next(); });
  }
  hand_out(group_.rest());
}

std::vector<std::pair<std::string, Result<void>>> AlertDesk::test() {
  MadeReceivers receivers;
  {
    const std::lock_guard lock(mutex_);
    receivers = receivers_;
  }
  Alert alert;
  alert.time = clock_.wall();
  alert.kind = AlertKind::test;
  std::vector<std::pair<std::string, Result<void>>> outcomes;
  for (const auto& [name, receiver] : {std::pair("webhook", receivers.webhook), std::pair("command", receivers.command),
                                       std::pair("mail", receivers.mail)})
    if (receiver) outcomes.emplace_back(name, receiver->send(alert, Deadline::in(receivers.deadline), nullptr));
  return outcomes;
}

void AlertDesk::stop(std::chrono::milliseconds longest) {
  const auto until = std::chrono::steady_clock::now() + longest;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (AlertLane* lane : {&webhook_, &command_, &mail_}) lane->end_by(until);
  for (AlertLane* lane : {&webhook_, &command_, &mail_}) lane->join();
}

std::vector<const AlertLane*> AlertDesk::lanes() const {
  std::vector<const AlertLane*> used;
  for (const AlertLane* lane : {&webhook_, &command_, &mail_})
    if (lane->used()) used.push_back(lane);
  return used;
}

}  // namespace mailweir
