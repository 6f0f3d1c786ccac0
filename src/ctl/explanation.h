// SPDX-License-Identifier: BSD-2-Clause
// Explanation: what a rehearsal shows, in words: each rule that was asked and what it found, what decided, what each
// door answers, what is done to the message, and what the daemon would log of trouble.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "ctl/rehearsal.h"
#include "ctl/timed_scanner.h"
#include "engine/witness.h"
#include "port/lookups.h"

namespace mailweir {

class Explanation final : public Witness, public Rehearsal::Audience, public Log {
 public:
  // `what` and `out` outlive this object.
  Explanation(const WhatIf& what, std::ostream& out) : what_(what), out_(out) {}

  void judged(Session& session, const Verdict& verdict, const Trace& trace) override;
  void message_ended(Session& session, std::string_view outcome,
                     const std::vector<std::pair<std::string, std::string>>& more) override;
  void begins(Stage stage, std::string_view of) override;
  void answered(Door door, std::string_view answer) override;
  void recipients_accepted(std::size_t accepted, std::size_t all) override;
  void message_comes() override;
  void write(Severity severity, std::string_view line) override;

  // What was looked up, `of` whom, and what scanners said.
  struct Asked {
    const std::vector<TimedLookup>& lookups;
    const std::string& of;
    const std::vector<TimedScan>& scans;
  };
  // After the rehearsal: what was done to the message, and what was asked.
  void conclude(Rehearsal::Fate fate, const std::vector<RecordingEditor::Edit>& edits, const Policy& policy,
                const Asked& asked);

 private:
  // Local mail that a stage has refused (mailweir-rules(5), Local mail): what becomes of it is told at its end.
  struct Postponed {
    Stage stage;
    std::string reply;
  };
  void print_rules(const Trace& trace);
  void print_effects(const Effects& effects);
  std::string signing(const Policy& policy) const;
  std::string signing_of_envelope(const Policy& policy) const;
  std::string words_of(const RecordingEditor::Edit& edit) const;

  const WhatIf& what_;
  std::ostream& out_;
  Stage stage_ = Stage::connect;
  std::string of_;
  std::optional<Verdict> verdict_;  // whose answer is still to come
  std::optional<Postponed> postponed_;
  std::optional<Sign> signing_;  // what the last stage wants to be signed, ...
  bool outgoing_ = false;        // ... and whether the message is outgoing
  std::string signed_by_, not_signed_, trouble_;
  std::vector<std::string> notices_;
};

}  // namespace mailweir
