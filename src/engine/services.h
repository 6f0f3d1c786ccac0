// SPDX-License-Identifier: BSD-2-Clause
// Services: what the engine needs of the world, handed in by the composition root, which owns it all. Thread-safe parts
// only; everything outlives every session.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "delivery/accepted_messages.h"
#include "delivery/suppressions.h"
#include "engine/alert_marks.h"
#include "engine/leases.h"
#include "engine/stage_board.h"
#include "engine/stats.h"
#include "engine/trouble_lines.h"
#include "fact/message_tools.h"
#include "port/alert.h"
#include "port/counter_store.h"
#include "port/dns.h"
#include "rule/policy.h"

namespace mailweir {

class Witness;

struct Services {
  dns::Resolver& resolver;
  CounterStore& counters;
  Log& log;
  const Clock& clock;
  Leases& leases;
  StageBoard& board;
  EngineStats& stats;
  MessageTools verification{};  // empty: dkim and dmarc are not known
  AlertSink* alerts = nullptr;  // null: an alert is a line in the log
  std::shared_ptr<AlertMarks> alert_marks = std::make_shared<AlertMarks>();
  std::shared_ptr<TroubleLines> trouble_lines = std::make_shared<TroubleLines>();
  Witness* witness = nullptr;            // null: none
  AcceptedMessages* accepted = nullptr;  // null: nothing becomes known of messages later
  Suppressions* suppressions = nullptr;  // null: none
};

}  // namespace mailweir
