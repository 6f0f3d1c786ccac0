// SPDX-License-Identifier: BSD-2-Clause
// Facts: what is known of a transaction when a rule asks. Reads Client and Transaction as they stand; looks up a check
// when it is first asked, once per session (iprev, HELO) or transaction (sender).
//
// Owned by one Session; not thread-safe. Values are views: good until the Client, the Transaction or the memo changes.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "check/domain_status.h"
#include "fact/blocked_source.h"
#include "fact/check_memo.h"
#include "fact/check_set.h"
#include "fact/dns_budget.h"
#include "fact/dnsbl_facts.h"
#include "fact/fact_ref.h"
#include "fact/fact_value.h"
#include "fact/message_checks.h"
#include "fact/settings.h"
#include "fact/spf_facts.h"
#include "mail/client.h"
#include "mail/transaction.h"
#include "port/lookups.h"

namespace mailweir {

class Facts {
 public:
  Facts(const Client& client, const Transaction& transaction, Door door, dns::Resolver& resolver)
      : client_(client), transaction_(transaction), door_(door), resolver_(resolver) {}

  // Those of the policy that the transaction began with; they outlive it.
  void use(const FactSettings& settings);
  void skip(CheckSet checks) { skipped_ = checks; }
  // A stage is judged: what is looked up from now on has until the deadline, less what the transaction (with the
  // connect and HELO before it) has waited already, and what is kept for later parts of it: [dns] deadline is for all
  // its stages together (DnsBudget).
  void stage(Stage stage, Deadline deadline);
  void stage(Stage stage) { stage_ = stage; }
  void now(WallTime now) { now_ = now; }
  WallTime now() const { return now_; }
  Door door() const { return door_; }
  void forget_helo();
  void forget_transaction();

  // What dkim and dmarc are asked with. Without it they are absent, as they are where begin_message_checks was not
  // called.
  void verify_with(MessageChecks::Tools tools) { tools_ = tools; }
  // Who knows `blocked`; without it that is absent.
  void ask_blocked_of(BlockedSource& source) { blocked_ = &source; }
  // At the end of the header: from now on the body goes to message_body(). With `with_dmarc` what dmarc asks for is
  // looked up early.
  void begin_message_checks(bool with_dmarc = true);
  void message_body(std::string_view chunk) { message_checks_.write(chunk); }
  // The whole of what was found, whether skipped or not; null: not begun. Wait for what is still under way.
  const DkimResult* dkim();
  const DmarcResult* dmarc();
  // The word that dkim or dmarc has come to; "" when it was not asked.
  std::string_view found(FactId id) const;

  FactValue get(const FactRef& fact);
  // Starts a check's lookups without waiting, if its input is known.
  void start(const FactRef& fact);

  // A value as it stands in a reply or a log line; "" when absent.
  std::string to_text(const FactRef& fact);
  std::string to_text(const FactRef& fact, const FactValue& value) const;
  // The reason behind a check's word, "" if it was not asked.
  std::string_view reason(FactId id) const;
  std::string_view reason(const FactRef& fact) const {
    return SpfFacts::has(fact.id) ? spf_.reason(fact) : reason(fact.id);
  }
  bool is_outgoing() const;
  // Whether a stranger may have chosen what is asked: of mail that is not ours, and of a login that is only tried (http
  // door).
  bool is_of_stranger() const { return door_ == Door::http || !is_outgoing(); }
  const MailboxSpelling& spelling() const;  // of the policy
  const Client& client() const { return client_; }
  const Transaction& transaction() const { return transaction_; }
  std::vector<TimedLookup> lookups() const;

 private:
  static FactValue address_value(const Address& address, std::array<FactItem, 2>& items, bool domains);
  FactValue login_value();
  FactValue sender_fqdn() const;
  FactValue own_fact(const FactRef& fact);
  FactValue client_country();
  void read_from();
  FactValue from_addresses(bool domains);
  FactValue from_count();
  FactValue from_domain_aligned();
  FactValue header(const std::string& name);
  FactValue iprev();
  FactValue domain_status(std::optional<CheckMemo>& memo, std::shared_ptr<Lookups>& lookups, std::string_view domain,
                          DomainResult (*check)(Lookups&, std::string_view));
  FactValue sender_login_mismatch(const Table& owners) const;
  FactValue from_login_mismatch(const Table& owners);
  FactValue helo_address(FactId id);
  DnsblInput dnsbl_input(DnsblSubject subject);
  FactValue dnsbl(const FactRef& fact);
  std::string reason_text(const FactRef& fact);
  SpfFacts::Asker spf_asker() const { return {*settings_, client_, transaction_, now_}; }
  FactValue spf(const FactRef& fact);

  std::chrono::microseconds waited() const;
  FactValue message_check(FactId id);
  std::string_view message_reason(FactId id) const;
  std::vector<std::string> author_domains();
  bool has_unusable_author();
  std::string envelope_domain() const;
  bool spf_may_speak(const std::vector<std::string>& authors) const;
  DmarcEvidence spf_evidence(const std::vector<std::string>& authors);

  // Made when a check first needs them: most transactions look nothing up.
  Lookups& lookups_of(std::shared_ptr<Lookups>& kept);

  const Client& client_;
  const Transaction& transaction_;
  Door door_;
  dns::Resolver& resolver_;
  Deadline deadline_;
  WallTime now_{};
  std::chrono::microseconds waited_before_{0};  // by the session's lookups, in earlier transactions
  DnsBudget::Part part_ = DnsBudget::Part::session;
  std::chrono::microseconds waited_at_part_{0};  // when it began
  Stage stage_ = Stage::connect;
  const FactSettings* settings_ = nullptr;
  CheckSet skipped_;
  // Those of the message are of its signatures and its author: what the envelope asked too much of, or too late, is
  // asked anew.
  std::shared_ptr<Lookups> session_lookups_, transaction_lookups_, message_lookups_;
  std::optional<CheckMemo> iprev_, helo_dns_, sender_domain_dns_;
  DnsblFacts dnsbl_;
  std::map<std::size_t, std::string> own_values_;
  std::string client_country_;
  SpfFacts spf_;
  MessageChecks::Tools tools_;
  MessageChecks message_checks_;
  BlockedSource* blocked_ = nullptr;
  std::vector<std::string> signers_;
  std::vector<FactItem> signer_items_;
  std::optional<IpAddress> server_address_;
  std::vector<Address> from_;
  bool from_read_ = false;
  std::vector<FactItem> from_items_, from_domain_items_;
  std::array<FactItem, 2> sender_items_, recipient_items_;
  Address login_;
  struct HeaderValues {
    std::vector<std::string> texts;
    std::vector<FactItem> items;
  };
  std::map<std::string, HeaderValues, std::less<>> headers_;
};

}  // namespace mailweir
