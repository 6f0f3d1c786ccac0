// SPDX-License-Identifier: BSD-2-Clause
// AcceptedMessage: what the gate knew of a message when it accepted it, kept until it is known what became of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "delivery/delivery_event.h"
#include "port/counter_store.h"

namespace mailweir {

// A limit of bounces whose conditions held, and the key that it counts this message's bounces for.
struct CountedFor {
  std::string rule;     // its name
  std::string counter;  // of the limit, in the store
  std::string key;
  bool stranger = false;  // as of a charge
  // Of a limit that is a share: what was charged for the accepted recipients, and for those that did not bounce. A
  // bounce takes one of the latter back, and so counts at its message's time.
  std::vector<Charge> accepted{};
  Receipt receipt{};
};

struct AcceptedMessage {
  std::string queue_id, id;
  std::string message_id;  // with its <>; empty: not known
  std::string sender, login, client_address;
  std::string scope;  // for whom dead recipients are suppressed; empty: for none
  WallTime time{};
  std::vector<std::string> recipients;  // Address::text()
  std::vector<CountedFor> counted_for{};
};
using AcceptedMessagePtr = std::shared_ptr<const AcceptedMessage>;

// What became of one recipient of it, told once.
struct Outcome {
  AcceptedMessagePtr message;
  std::string recipient;
  DeliveryEvent::Status status = DeliveryEvent::Status::sent;  // sent or bounced
  std::string code, relay, text;
  bool remote = false;
};

}  // namespace mailweir
