// SPDX-License-Identifier: BSD-2-Clause
#include "delivery/sendmail_line.h"

#include "delivery/log_words.h"

namespace mailweir {
namespace {

// "<a@example.com>,<b@example.com>, ": one that has no brackets has no comma or blank.
bool take_recipients(LogWords& words, std::vector<std::string>& recipients) {
  while (true) {
    if (const auto address = words.path()) {
      recipients.emplace_back(*address);
    } else {
      const auto end = words.left().find_first_of(", ");
      if (end == words.left().npos || end == 0) return false;
      recipients.emplace_back(words.left().substr(0, end));
      words.take(recipients.back());
    }
    if (words.take(", ")) return true;
    if (!words.take(",")) return false;
  }
}

// "ctladdr=<a@example.com> (1000/1000), "
bool take_owner(LogWords& words) {
  if (!words.take("ctladdr=")) return true;
  if (words.path()) {
    if (!words.take(" (")) return words.take(", ");
    return words.before("), ").has_value();
  }
  return words.before(", ").has_value();
}

}  // namespace

// "to=..., [ctladdr=..., ]delay=T, xdelay=T, mailer=M, pri=N, [relay=HOST [ADDRESS], ]dsn=C, [reply=..., ]stat=TEXT"
std::optional<DeliveryEvent> read_sendmail_line(std::string_view message) {
  LogWords words(message);
  const auto id = words.before(": ");
  if (!id || !is_queue_id(*id) || !words.take("to=")) return {};
  DeliveryEvent event;
  event.queue_id = *id;
  if (!take_recipients(words, event.recipients) || !take_owner(words)) return {};
  if (!words.field("delay") || !words.field("xdelay")) return {};
  const auto mailer = words.field("mailer");
  if (!mailer) return {};
  event.remote = mailer->ends_with("smtp") || *mailer == "relay" || *mailer == "smtp8" || *mailer == "dsmtp";
  words.field("pri");
  if (words.take("relay=")) {
    const auto relay = words.before(", ");
    if (!relay) return {};
    event.relay = *relay;
  }
  const auto code = words.field("dsn");
  if (!code || !is_enhanced_code(*code)) return {};
  event.code = *code;
  std::string reply;
  if (words.take("reply=")) {
    const auto end = words.left().rfind(", stat=");
    if (end == words.left().npos) return {};
    reply = words.left().substr(0, end);
    words = LogWords(words.left().substr(end + 2));
  }
  if (!words.take("stat=")) return {};
  event.text = words.left();
  if (!reply.empty()) event.text += " (" + reply + ')';
  using Status = DeliveryEvent::Status;
  event.status = code->front() == '2' ? Status::sent : code->front() == '5' ? Status::bounced : Status::deferred;
  // A message that waited too long has the code of the last failure, of its class 4 or 5.
  if (words.left().find("could not send for past") != std::string_view::npos) event.status = Status::expired;
  if (words.left().starts_with("queued") || words.left().starts_with("Deferred")) event.status = Status::deferred;
  return event;
}

}  // namespace mailweir
