// SPDX-License-Identifier: BSD-2-Clause
// MailLog: the log lines about mail: what was decided, what became of a message, alerts, events. The one place that
// knows their form: key=value, the MTA's queue id first, so that one search finds a message in the MTA's log and in
// ours. docs/log.md lists the fields. Thread-safe as far as its Log is; it keeps nothing.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "engine/verdict.h"
#include "fact/definition.h"
#include "mail/client.h"
#include "mail/transaction.h"

namespace mailweir {

class MailLog {
 public:
  // Whose mail a line is about.
  struct Subject {
    const Client& client;
    const Transaction& transaction;
  };
  // What the line of a whole transaction has beside its subject.
  struct Outcome {
    std::string_view word;  // "accepted", "refused", ...
    bool outgoing = false;
    const std::vector<CounterUse>& used;                           // all counters that it was asked for
    const std::vector<std::pair<std::string, std::string>>& more;  // fields of the door's own
    std::chrono::microseconds took{0};                             // all its stages together
  };

  MailLog(Log& log, Door door) : log_(log), door_(door) {}

  // Nothing, if the verdict has nothing to say. `at_end`: of a refusal that is not answered where it is made (local
  // mail): what becomes of the message at its end. The alerts of rules without a limit follow.
  void verdict(const Subject& subject, const Verdict& verdict, std::string_view at_end) const;
  void message(const Subject& subject, const Outcome& outcome) const;
  // The alerts that are edges, or those that are not.
  void alerts(const Subject& subject, const Verdict& verdict, bool edges) const;
  // Something that limits count has happened. `trouble`: why the counters could not be asked; else empty. `more`: the
  // event's own fields.
  void event(const Subject& subject, std::string_view event, const std::vector<CounterUse>& used,
             std::string_view trouble, const std::vector<std::pair<std::string, std::string>>& more = {}) const;

 private:
  Log& log_;
  Door door_;
};

}  // namespace mailweir
