// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/reputation_alerts.h"

#include <iostream>
#include <thread>

#include "adapter/alert/alert_desk.h"
#include "base/text.h"
#include "start/secret.h"

namespace mailweir {
namespace {

constexpr unsigned most_tries = 3;

ReputationAlert alert_of(const std::vector<Change>& changes, WallTime now) {
  ReputationAlert alert;
  alert.time = now;
  for (const auto& change : changes) {
    if (alert.changes.size() == most_told_changes) break;
    const auto& finding = change.finding;
    const bool lasts = change.what != Change::What::delisted && change.what != Change::What::mended &&
                       change.what != Change::What::visible;
    alert.changes.push_back({std::string(to_string(change.what)), finding.subject, finding.title(), in_words(change),
                             lasts ? finding.advice : "", lasts ? finding.page : "", lasts ? finding.paste : "",
                             change.since});
  }
  alert.more = changes.size() - alert.changes.size();
  return alert;
}

void complain(const std::string& why) { std::cerr << "mailweirctl reputation: " << cleaned(why, false, 500) << '\n'; }

bool send(AlertReceiver& receiver, const ReputationAlert& alert, std::chrono::milliseconds deadline) {
  for (unsigned tries = 1;; ++tries) {
    const auto sent = receiver.send(alert, Deadline::in(deadline), nullptr);
    if (sent) return true;
    const auto pause = pause_after(tries);
    if (tries == most_tries || !sent.error().temporary || !pause) {
      complain("the alert is not sent: " + sent.error().what);
      return false;
    }
    std::this_thread::sleep_for(*pause);
  }
}

}  // namespace

bool tell(const std::vector<Change>& changes, const Config& config, const std::string& host, WallTime now,
          const Clock& clock) {
  const auto token = read_alert_token(config);
  if (!token) return complain(token.error().what), false;
  const auto made = make_receivers(config.alerts, *token, host, clock);
  if (!made) return complain(made.error().what), false;
  const auto alert = alert_of(changes, now);
  bool any = false, taken = false;
  for (const auto& receiver : {made->webhook, made->command, made->mail}) {
    if (receiver == nullptr) continue;
    any = true;
    taken = send(*receiver, alert, made->deadline) || taken;
  }
  return taken || !any;
}

}  // namespace mailweir
