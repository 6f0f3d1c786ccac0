// SPDX-License-Identifier: BSD-2-Clause
#include "delivery/postfix_line.h"

#include "delivery/log_words.h"

namespace mailweir {
namespace {

using Status = DeliveryEvent::Status;
using What = DeliveryEvent::What;

std::optional<Status> status_of(std::string_view word) {
  if (word == "sent") return Status::sent;
  if (word == "bounced") return Status::bounced;
  if (word == "deferred") return Status::deferred;
  if (word == "expired") return Status::expired;
  return {};
}

// "to=<A>, [orig_to=<B>, ]relay=R, [conn_use=N, ]delay=D, delays=A/B/C/D, dsn=C, status=S (TEXT)"
std::optional<DeliveryEvent> attempt(LogWords words, DeliveryEvent event) {
  if (!words.take("to=")) return {};
  const auto recipient = words.path();
  if (!recipient || !words.take(", ")) return {};
  event.recipients.emplace_back(*recipient);
  if (words.take("orig_to=")) {
    const auto first = words.path();
    if (!first || !words.take(", ")) return {};
    event.first_recipient = *first;
  }
  const auto relay = words.field("relay");
  if (!relay) return {};
  event.relay = *relay;
  words.field("conn_use");
  if (!words.field("delay") || !words.field("delays")) return {};
  const auto code = words.field("dsn");
  if (!code || !is_enhanced_code(*code) || !words.take("status=")) return {};
  event.code = *code;
  const auto word = words.before(" (");
  const auto status = word ? status_of(*word) : std::nullopt;
  if (!status || !words.left().ends_with(')')) return {};
  event.status = *status;
  event.text = words.left().substr(0, words.left().size() - 1);
  return event;
}

// "client=NAME[ADDRESS]", and behind it, from a client that may say so: ", orig_queue_id=ID, orig_client=..."
std::optional<DeliveryEvent> accepted(LogWords words, DeliveryEvent event) {
  if (!words.take("client=") || !words.before("[")) return {};
  const auto address = words.before("]");
  if (!address) return {};
  event.client_address = *address;
  if (words.take(", orig_queue_id=")) {
    const auto end = words.left().find(", ");
    const auto first = words.left().substr(0, end);
    if (is_queue_id(first)) event.first_queue_id = first;
  }
  return event;
}

}  // namespace

std::optional<DeliveryEvent> read_postfix_line(std::string_view service, std::string_view message) {
  LogWords words(message);
  const auto id = words.before(": ");
  if (!id || !is_queue_id(*id)) return {};
  DeliveryEvent event;
  event.queue_id = *id;
  if (service == "smtp" || service == "lmtp") {
    event.remote = true;
    return attempt(words, std::move(event));
  }
  if (service == "smtpd") {
    event.what = What::accepted;
    return accepted(words, std::move(event));
  }
  if (service == "cleanup") {
    event.what = What::message_id;
    if (!words.take("message-id=")) return {};
    event.message_id = words.left();
    return event;
  }
  if (service == "qmgr" && words.left() == "removed") {
    event.what = What::removed;
    return event;
  }
  if (service == "local" || service == "virtual" || service == "pipe" || service == "error" || service == "retry" ||
      service == "discard")
    return attempt(words, std::move(event));
  return {};
}

}  // namespace mailweir
