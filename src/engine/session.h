// SPDX-License-Identifier: BSD-2-Clause
// Session: one SMTP session as the engine sees it, at one door. A door fills client() and transaction() as the dialogue
// goes on and asks judge() at each stage that it judges; the session keeps what later stages need: the policy that the
// transaction began with, look-ups under way, what rules skipped, what was charged and may have to be given back.
//
// One thread at a time. The services outlive it. Destroying it gives back what an unfinished transaction was charged and
// releases its open connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/facts.h"
#include "engine/policy.h"
#include "engine/services.h"
#include "engine/trace.h"
#include "engine/verdict.h"
#include "mail/client.h"
#include "mail/transaction.h"

namespace mailweir {

class Session {
 public:
  Session(Services& services, PolicyPtr policy, Door door);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Client& client() { return client_; }
  Transaction& transaction() { return transaction_; }
  const Policy& policy() const { return *policy_; }
  PolicyPtr shared_policy() const { return policy_; }
  Facts& facts() { return facts_; }
  Door door() const { return door_; }

  // A HELO or EHLO came: what was known of an earlier name is forgotten.
  void helo_changed();
  // A mail transaction begins, with the policy that is in force now. Ends one that is still open as aborted.
  void begin_transaction(PolicyPtr policy);
  bool in_transaction() const { return in_transaction_; }
  // The transaction is over. What it was charged is given back unless the message was taken.
  void end_transaction(bool taken);
  // We refused the message, but its transaction may be asked about again: gives back what it was charged so far.
  void message_refused() { give_back(); }
  // The recipient asked about last was accepted (and what its rules skipped counts for the message).
  void recipient_accepted();

  // Something that limits count has happened: the MTA refused the recipient as unknown, say. Counted for the rules whose
  // conditions hold now. `log`: with a line. Quantity::distinct: the login that was asked about at auth has succeeded.
  void count_event(Quantity quantity, bool log = true);

  // At the end of the header: starts the look-ups that end-of-message will want, and, if a rule or the
  // Authentication-Results field may ask for dkim or dmarc, the verification; the body then goes to facts().message_body().
  void begin_message_checks(bool body_comes);
  // Whether Authentication-Results fields that claim to be ours go from this message: not where it comes from a machine
  // of ours, which may have written one.
  bool removes_authentication_results() const;
  // The field's value, once the message was judged; nothing: it gets none. Waits for the checks that no rule asked.
  std::optional<std::string> authentication_results();

  // Asks the rules of a stage. `trace` may be null.
  Verdict judge(Stage stage, Trace* trace = nullptr);
  // Writes the verdict's log line, if it has anything to say, and its alerts. `at_end`: of a refusal that nobody is told of
  // where it is made (local mail): what becomes of the message at its end.
  void log_verdict(const Verdict& verdict, std::string_view at_end = {});
  // Writes the transaction's line: what became of it, and all counters that it was asked for.
  // `more` are fields of the door's own.
  void log_transaction(std::string_view outcome, const std::vector<std::pair<std::string, std::string>>& more = {});

  // What rules have turned off at a stage, as far as they were asked; at rcpt for the recipient asked about last.
  CheckSet checks_off(Stage stage) const { return skipped(stage); }
  // Nothing is charged, levels are only asked: for explain.
  void dry_run() { dry_run_ = true; }

 private:
  struct Pending;
  struct Walk;
  struct Taken {
    std::vector<Charge> charges;
    Receipt receipt;
  };

  CheckSet skipped(Stage stage) const;
  bool writes_authentication_results() const;
  void note_skip(Stage stage, CheckSet checks);
  void start_early(Stage stage);
  enum class Holds : std::uint8_t { no, yes, when_outage, unless_outage };
  Holds holds(const Rule& rule, TracedRule* traced);
  bool goes_on_uncounted(const Rule& rule, bool of_block) const;
  void note_no_room(const Pending& pending, Trace* trace);
  void say_no_room(const std::string& rule, const Charge& charge);
  bool pending_charge(const Rule& rule, Stage stage, Pending& pending);
  bool pending_block(const Rule& rule, Pending& pending);
  void walk_blocks(Stage stage, Walk& walk, Trace* trace);
  void note_block(const Pending& pending, Walk& walk, Verdict& verdict, Trace* trace);
  void begin_blocks(Walk& walk);
  bool refuse_rest(Stage stage, Verdict& verdict);
  bool settle_listed(const Walk& walk, Verdict& verdict);
  void begin_listed(const Walk& walk, Verdict& verdict);
  LimitWords words_of_listed(const Rule& rule) const;
  void put_on_list(const Rule& rule, const std::string& key);
  void trace_block(const Rule& rule, TracedRule& traced);
  void refuse_blocked(const Rule& rule, std::string key, std::chrono::milliseconds left, Verdict& verdict);
  Alert alert_of(const Rule& rule, AlertKind kind) const;
  Alert alert_of(const Pending& pending, AlertKind kind, const Window& window, std::uint64_t count) const;
  bool is_first(const Pending& pending, AlertKind kind, const Window& window);
  void alert_acting(const Rule& rule, const Pending* pending, Verdict& verdict);
  void alert_near(const std::vector<Pending*>& asked, const std::vector<std::uint64_t>& totals, Verdict& verdict);
  void raise_alerts(const Verdict& verdict);
  void log_alerts(const Verdict& verdict, bool edges);
  LimitWords words_of_block(const Rule& rule, const Pending& pending) const;
  void walk(Stage stage, Walk& walk, Trace* trace);
  void charge(Stage stage, Walk& walk, Verdict& verdict, Trace* trace);
  void keep_taken(Stage stage, std::vector<Charge> charges, Receipt receipt);
  void settle(Walk& walk, Verdict& verdict);
  void tell_facts(const Rule& rule, Verdict& verdict);
  void decide(const Rule& rule, const LimitWords* words, bool never_fits, Verdict& verdict);
  void go_along(const Rule& rule, const LimitWords* words, Verdict& verdict);
  void name_transaction();
  void spell_names();
  void give_back();
  void log_event(std::string_view event, const std::vector<CounterUse>& used, std::string_view trouble);
  void note_used(const std::vector<CounterUse>& used);
  std::string limit_key(const Limit& limit, bool& known);
  bool fill_distinct(const Limit& limit, Stage stage, Charge& charge);
  bool fill_first_time(Charge& charge) const;
  std::vector<Window> windows(const Limit& limit, const std::string& key) const;

  Services& services_;
  PolicyPtr policy_;
  const Door door_;
  Client client_;
  Transaction transaction_;
  Facts facts_;
  bool in_transaction_ = false, dry_run_ = false;
  CheckSet session_skip_, transaction_skip_, recipient_skip_, all_recipients_skip_;
  bool any_recipient_ = false;
  std::vector<CounterUse> used_;              // by the transaction so far, for its line
  std::chrono::microseconds took_{0};         // all its stages together
  std::vector<Taken> taken_;
  std::vector<Taken> leases_;
  struct {
    const Rule* rule = nullptr;   // refused mail of this transaction, and has blocked its key
    std::string key;
    std::chrono::milliseconds left{0};
  } just_blocked_;
};

// A transaction id: 11 characters, unique for practical purposes, sortable by time.
std::string new_transaction_id(WallTime now);

}  // namespace mailweir
