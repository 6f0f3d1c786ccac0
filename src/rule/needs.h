// SPDX-License-Identifier: BSD-2-Clause
// Needs: what a policy wants to be told by the MTA at the milter door, and where it may want to answer, so that the
// rest is negotiated away (each event costs the MTA and us a round trip).
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "rule/policy.h"

namespace mailweir {

struct Needs {
  bool data = false, headers = false, body = false;
  std::array<bool, stage_count> answers{};  // stages at which the milter may refuse
  bool edits_headers = false, edits_recipients = false, quarantines = false;
  bool reroutes = false;             // recipients are added with their DSN parameters
  bool rejected_recipients = false;  // those that the MTA refuses, too

  // Whether a session negotiated for these needs can serve a policy with those.
  bool covers(const Needs& other) const;
};

Needs milter_needs(const Policy& policy);

// The checks of the whole message, such as dkim, without their parts.
std::span<const FactInfo* const> message_checks();
// Whether a rule reads checks of the whole message, such as dkim; or what is looked up for it otherwise, such as block
// lists of the domains in From; one check or what comes of it ("dkim"); or the message's true size.
bool reads_message_checks(const Rule& rule, const Policy& policy);
bool reads_message_dns(const Rule& rule, const Policy& policy);
bool reads_check(const Rule& rule, std::string_view check, const Policy& policy);
bool reads_true_size(const Rule& rule, const Policy& policy);

}  // namespace mailweir
