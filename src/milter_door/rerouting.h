// SPDX-License-Identifier: BSD-2-Clause
// Rerouting: what a [routes.NAME] that a rule names does to one message: which recipients become pseudo addresses
// (rule/pseudo_address.h), or why the route is not taken. Mail that cannot take the route safely is held, or, where the
// way it would take has been agreed with its recipient, goes its usual way. A value; made of the policy and the
// envelope.
#pragma once

#include <string>
#include <vector>

#include "mail/transaction.h"
#include "milter_door/envelope.h"
#include "rule/policy.h"

namespace mailweir {

// A recipient that only we may add.
bool is_of_a_route(const Address& recipient);

struct Rerouting {
  struct Rewrite {
    const GivenRecipient* recipient;  // of the envelope that it was made of
    std::string address;              // the pseudo address
    std::string parameters;           // of its RCPT: NOTIFY as it was, ORCPT as it was or made of the true address
  };
  struct Envelope {
    const std::vector<GivenRecipient>& recipients;
    const Transaction& transaction;
    bool sendmail = false;
  };
  static Rerouting of(const NamedRoute& route, const Policy& policy, const Envelope& envelope);

  std::vector<Rewrite> rewrites{};
  bool hold = false;  // the message is held; else it goes its usual way
  std::string why{};  // the route is not taken; "": it is, by some of the recipients at least

  bool not_taken() const { return !why.empty(); }
};

}  // namespace mailweir
