// SPDX-License-Identifier: BSD-2-Clause
// What is remembered of a message at its end, so that its bounces can be counted. A free function.
#pragma once

#include "delivery/accepted_message.h"
#include "engine/ledger.h"
#include "fact/facts.h"
#include "mail/client.h"
#include "mail/transaction.h"
#include "rule/policy.h"

namespace mailweir {

// The limits of bounces are those whose conditions hold now, at the end of the message. Their shares are charged with
// the message's recipients; what cannot be charged is not in the share.
AcceptedMessage accepted_message(const Policy& policy, Facts& facts, const Client& client,
                                 const Transaction& transaction, Ledger& ledger, WallTime now);

}  // namespace mailweir
