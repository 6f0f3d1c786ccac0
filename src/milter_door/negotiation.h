// SPDX-License-Identifier: BSD-2-Clause
// What we agree with an MTA at the start of a session: the steps, edits and macros that a policy needs, and no others
// (each event costs the MTA and us a round trip). The same for both transports.
#pragma once

#include "base/result.h"
#include "milter_door/door_session.h"
#include "milter_door/milter_answer.h"
#include "milter_door/protocol.h"

namespace mailweir {

struct MilterAgreement {
  milter::Options options;  // our answer to the offer; its macro lists are static texts that end in NUL
  MilterTraits traits;

  // Whether the MTA does not wait for an answer to this command.
  bool silent(milter::Command command) const;
};

// An error when the MTA does not allow an edit that the policy needs.
Result<MilterAgreement> negotiate(const milter::Options& offered, const Needs& needs);

// What is answered while the daemon ends, and when something of ours broke while the message was read.
MilterAnswer restarting();
MilterAnswer trouble_while_reading();

}  // namespace mailweir
