// SPDX-License-Identifier: BSD-2-Clause
// MilterMessage: what a session at the milter door keeps of its message, and forgets with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/verdict.h"
#include "mail/headers.h"
#include "milter_door/door.h"
#include "milter_door/envelope.h"
#include "milter_door/message_bounds.h"
#include "milter_door/message_signer.h"
#include "milter_door/rerouting.h"

namespace mailweir {

struct MilterMessage {
  explicit MilterMessage(const MilterDoor& door)
      : bounds(door.limits, door.services.clock, door.services.log), signer(door) {}

  MessageBounds bounds;
  MessageSigner signer;
  HeaderList headers;
  std::uint64_t bytes = 0;
  Effects effects;                          // of its verdicts so far
  std::optional<Verdict> postponed;         // of local mail: answered at its end
  std::vector<GivenRecipient> recipients;   // accepted
  std::vector<GivenRecipient> discarded;    // accepted and to be deleted
  std::vector<std::string> refused_before;  // by the policy door
  Rerouting rerouting;                      // once that is decided
  LogFields done;                           // for the message's line: signed=...
  bool discard = false, data_judged = false;
  bool refused_recipient = false, mta_refused_recipient = false;  // any: by a rule of ours, by the MTA
};

}  // namespace mailweir
