// SPDX-License-Identifier: BSD-2-Clause
// Facts: what is known of a transaction when a rule asks. Reads Client and Transaction as they stand; a check is made
// when it is first asked, and kept as long as it stays true. Each family of facts is a file of its own (FactSource).
//
// Owned by one Session; not thread-safe. Values are views: good until the Client, the Transaction or what was found
// changes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "fact/check_set.h"
#include "fact/message_tools.h"
#include "fact/ref.h"
#include "fact/settings.h"
#include "fact/value.h"
#include "mail/client.h"
#include "mail/transaction.h"
#include "port/lookups.h"

namespace mailweir {

class FactSource;
class FactSources;
struct DmarcResult;
struct FactFamily;

class Facts {
 public:
  Facts(const Client& client, const Transaction& transaction, Door door, dns::Resolver& resolver);
  ~Facts();
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  // Those of the policy that the transaction began with; they outlive it.
  void use(const FactSettings& settings);
  void skip(const CheckSet& checks);
  // A stage is judged: what is looked up from now on has until the deadline, and less if the transaction has waited
  // before (SessionLookups).
  void stage(Stage stage, Deadline deadline);
  void stage(Stage stage);
  Stage stage() const;
  void now(WallTime now);
  WallTime now() const;
  void forget_helo();
  void forget_transaction();

  // What dkim and dmarc are asked with. Without it they are absent, as they are where begin_message_checks was not
  // called.
  void verify_with(const MessageTools& tools);
  // The source of a family that makes none itself; it outlives this.
  void hand_in(const FactFamily& family, FactSource& source);
  // At the end of the header: from now on the body goes to message_body(). What these checks ask for is looked up
  // early.
  void begin_message_checks(const CheckSet& wanted);
  void message_body(std::string_view chunk);
  // That was all of it. True: scanners were begun, whose answers are to be waited for, side by side, by
  // await_message(): until the deadline, again and again, until it is true.
  bool message_ends();
  bool await_message(Deadline deadline);
  // For the message's log line, what they said.
  std::vector<std::pair<std::string, std::string>> message_fields() const;
  // The whole of what was found, whether skipped or not; null: not begun. Wait for what is still under way.
  const DkimResult* dkim();
  const DmarcResult* dmarc();
  // The word that dkim or dmarc has come to; "" when it was not asked.
  std::string_view dkim_found();
  std::string_view dmarc_found();

  FactValue get(const FactRef& fact);
  // Starts a check's lookups without waiting, if its input is known.
  void start(const FactRef& fact);

  // A value as it stands in a reply or a log line; "" when absent.
  std::string to_text(const FactRef& fact);
  std::string to_text(const FactRef& fact, const FactValue& value) const;
  // The reason behind a check's word, "" if it was not asked.
  std::string_view reason(const FactRef& fact) const;
  bool is_outgoing() const;
  // Whether a stranger may have chosen what is asked: of mail that is not ours, and of a login that is only tried (http
  // door).
  bool is_of_stranger() const { return door_ == Door::http || !is_outgoing(); }
  const MailboxSpelling& spelling() const;  // of the policy
  const Client& client() const { return client_; }
  const Transaction& transaction() const { return transaction_; }
  Door door() const { return door_; }
  std::vector<TimedLookup> lookups() const;

 private:
  std::string reason_text(const FactRef& fact);

  const Client& client_;
  const Transaction& transaction_;
  const Door door_;
  std::unique_ptr<FactSources> sources_;
};

}  // namespace mailweir
