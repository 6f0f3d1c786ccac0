// SPDX-License-Identifier: BSD-2-Clause
// Needs: what a policy wants to be told by the MTA at the milter door, and where it may want to answer, so that the
// rest is negotiated away (each event costs the MTA and us a round trip).
#pragma once

#include <array>

#include "rule/policy.h"

namespace mailweir {

struct Needs {
  bool data = false, headers = false, body = false;
  std::array<bool, stage_count> answers{};  // stages at which the milter may refuse
  bool edits_headers = false, edits_recipients = false, quarantines = false;
  bool rejected_recipients = false;  // those that the MTA refuses, too

  // Whether a session negotiated for these needs can serve a policy with those.
  bool covers(const Needs& other) const;
};

Needs milter_needs(const Policy& policy);

// Whether a rule reads dkim, dmarc and what comes of them; and whether it reads the message's true size.
bool reads_message_checks(const Rule& rule, const Policy& policy);
bool reads_message_dns(const Rule& rule, const Policy& policy);  // or block lists of the domains in From
bool reads_dkim(const Rule& rule, const Policy& policy);
bool reads_dmarc(const Rule& rule, const Policy& policy);  // which asks more than dkim: SPF, and a record of its own
bool reads_true_size(const Rule& rule, const Policy& policy);

}  // namespace mailweir
