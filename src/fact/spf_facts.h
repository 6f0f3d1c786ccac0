// SPDX-License-Identifier: BSD-2-Clause
// SpfFacts: the facts spf, spf_helo, spf_explanation and egress_spf of a session, each asked once; Facts keeps one.
#pragma once

#include <map>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "fact/check_memo.h"
#include "fact/fact_ref.h"
#include "fact/settings.h"
#include "mail/client.h"
#include "mail/transaction.h"
#include "port/lookups.h"
#include "port/spf.h"

namespace mailweir {

class SpfFacts {
 public:
  struct Asker {
    const FactSettings& settings;
    const Client& client;
    const Transaction& transaction;
    WallTime now;
  };
  static bool has(FactId id) {
    return id == FactId::spf || id == FactId::spf_helo || id == FactId::spf_explanation || id == FactId::egress_spf;
  }
  // Of the session: asked with its lookups, not the transaction's.
  static bool of_session(FactId id) { return id == FactId::spf_helo; }
  // Whether there is anything to ask for: an address, a sender, a HELO name.
  static bool has_input(const FactRef& fact, const Asker& asker);

  // Its word (of spf_explanation: its text); null: absent. has_input first.
  const CheckMemo* get(const FactRef& fact, const Asker& asker, Lookups& lookups);
  // Starts its lookups without waiting. has_input first.
  void start(const FactRef& fact, const Asker& asker, Lookups& lookups) const;
  // Whether spf could not be looked up when it was asked; and asks it once more, for DMARC: with lookups of their own
  // time.
  bool needs_another_try() const { return mail_ && mail_->temperror; }
  const CheckMemo& try_again(const Asker& asker, Lookups& lookups);
  static void start_again(const Asker& asker, Lookups& lookups);
  // Why; "" if it was not asked.
  std::string_view reason(const FactRef& fact) const;

  void forget_helo() { helo_.reset(); }
  void forget_transaction();

 private:
  const CheckMemo* kept(const FactRef& fact) const;

  std::optional<CheckMemo> mail_, helo_, explanation_;
  std::map<std::size_t, CheckMemo> egress_;  // by FactRef::egress
};

}  // namespace mailweir
