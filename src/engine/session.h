// SPDX-License-Identifier: BSD-2-Clause
// Session: one SMTP session as the engine sees it, at one door. A door fills client() and transaction() as the dialogue
// goes on and asks judge() at each stage that it judges; the session keeps what later stages need: the policy that the
// transaction began with, lookups under way, what rules skipped, what was charged and may have to be given back.
//
// One thread at a time. The services outlive it. Destroying it gives back what an unfinished transaction was charged
// and releases its open connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/alert_edges.h"
#include "engine/blocked_keys.h"
#include "engine/judgement.h"
#include "engine/ledger.h"
#include "engine/mail_log.h"
#include "engine/services.h"
#include "engine/skips.h"
#include "engine/trace.h"
#include "engine/transaction_state.h"
#include "engine/verdict.h"
#include "fact/facts.h"
#include "mail/client.h"
#include "mail/transaction.h"
#include "rule/policy.h"

namespace mailweir {

class BlockFacts;
class SuppressedFacts;

class Session {
 public:
  Session(Services& services, PolicyPtr policy, Door door);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Client& client() { return client_; }
  Transaction& transaction() { return state_.mail; }
  const Policy& policy() const { return *policy_; }
  PolicyPtr shared_policy() const { return policy_; }
  Facts& facts() { return facts_; }
  Door door() const { return door_; }

  // A callback, or a request, of the MTA begins: the counters' time is counted from here on. Before anything else of
  // it.
  void callback_begins() { ledger_.callback_begins(); }
  // A HELO or EHLO came: what was known of an earlier name is forgotten.
  void helo_changed();
  // A mail transaction begins, with the policy that is in force now. Ends one that is still open as aborted.
  void begin_transaction(PolicyPtr policy);
  bool in_transaction() const { return state_.open; }
  // The transaction is over. What it was charged is given back unless the message was taken.
  void end_transaction(bool taken);
  // We refused the message, but its transaction may be asked about again: gives back what it was charged so far.
  void message_refused() { ledger_.refund(state_.mail.id); }
  // The recipient asked about last was accepted (and what its rules skipped counts for the message).
  void recipient_accepted() { skips_.recipient_accepted(); }

  // Something that limits count has happened: the MTA refused the recipient as unknown, say. Counted for the rules
  // whose conditions hold now. `log`: with a line. Quantity::distinct: the login that was asked about at auth has
  // succeeded.
  void count_event(Quantity quantity, bool log = true);

  // The mail server takes the message for its accepted recipients: remembered, if bounces are counted.
  void message_accepted();

  // At the end of the header: starts the lookups that end-of-message will want, and the checks of the message, such as
  // dkim, that a rule or the Authentication-Results field may ask for; the body then goes to facts().message_body().
  void begin_message_checks(bool body_comes);
  // At the end of the message, before its rules are asked: whether one decides without a scanner's answer.
  bool decides_before_scans();
  // Whether Authentication-Results fields that claim to be ours go from this message: not where it comes from a machine
  // of ours, which may have written one.
  bool removes_authentication_results() const;
  // The field's value, once the message was judged; nothing: it gets none. Waits for the checks that no rule asked.
  std::optional<std::string> authentication_results();

  // Asks the rules of a stage. `trace` may be null.
  Verdict judge(Stage stage, Trace* trace = nullptr);
  // Writes the verdict's log line, if it has anything to say, and its alerts. `at_end`: of a refusal that cannot
  // be sent where it is made (local mail): what becomes of the message at its end.
  void log_verdict(const Verdict& verdict, std::string_view at_end = {});
  // Writes the transaction's line: what became of it, and all counters that it was asked for.
  // `more` are fields of the door's own.
  void log_transaction(std::string_view outcome, const std::vector<std::pair<std::string, std::string>>& more = {});

  // What rules have turned off at a stage, as far as they were asked; at rcpt for the recipient asked about last.
  CheckSet checks_off(Stage stage) const { return skips_.off(stage); }

 private:
  void use(const Policy& policy);
  void name_transaction();
  void spell_names();
  bool writes_authentication_results() const;
  Judgement ask_rules(Stage stage, Verdict& verdict, Trace* trace);
  void charge(Stage stage, Judgement& judgement, Verdict& verdict, Trace* trace);
  void not_charged(const std::vector<Asking*>& asked, const Error& error, Judgement& judgement);
  void note_levels(const std::vector<Asking*>& asked, Verdict& verdict, Trace* trace);
  void begin_blocks(const Judgement& judgement, const Verdict& verdict);
  void raise_alerts(const Judgement& judgement, Verdict& verdict);
  MailLog::Subject subject() const { return {client_, state_.mail}; }

  Services& services_;
  PolicyPtr policy_;
  const Door door_;
  Client client_;
  TransactionState state_;
  Facts facts_;
  Skips skips_;
  Ledger ledger_;
  std::unique_ptr<BlockFacts> block_facts_;
  std::unique_ptr<SuppressedFacts> suppressed_facts_;
  BlockedKeys blocked_keys_;
  AlertEdges alert_edges_;
  MailLog mail_log_;
};

// A transaction id: 11 characters, unique for practical purposes, sortable by time.
std::string new_transaction_id(WallTime now);

}  // namespace mailweir
