// SPDX-License-Identifier: BSD-2-Clause
// FactReader: what a family of facts sees of its session: the client, the transaction, the settings, the lookups, and
// the other families.
//
// A family asks those only that stand before it in the list, so none is asked for itself. Facts of the policy file's
// [facts] may ask each other: a circle of them is refused when it is read. Not thread-safe.
#pragma once

#include "base/clock.h"
#include "fact/message_tools.h"
#include "fact/ref.h"
#include "fact/session_lookups.h"
#include "fact/settings.h"
#include "fact/source.h"
#include "fact/value.h"
#include "mail/client.h"
#include "mail/transaction.h"

namespace mailweir {

struct FactFamily;

class FactReader {
 public:
  FactReader(const FactReader&) = delete;
  FactReader& operator=(const FactReader&) = delete;

  const Client& client() const { return client_; }
  const Transaction& transaction() const { return transaction_; }
  Door door() const { return door_; }
  Stage stage() const { return stage_; }
  WallTime now() const { return now_; }
  const FactSettings& settings() const { return *settings_; }
  const MessageTools& tools() const { return tools_; }
  Lookups& lookups(LookupsOf what) { return lookups_.of(what); }
  void drop_recipient_lookups() { lookups_.drop_recipients(); }
  bool is_outgoing() const;

  // A fact as a rule sees it: absent before its stage, and where a rule has turned it off.
  virtual FactValue get(const FactRef& fact) = 0;
  // Another family itself: what it has found, turned off or not.
  template <typename Source>
  Source& family(const FactFamily& family) {
    return static_cast<Source&>(source_of(family));
  }

 protected:
  FactReader(const Client& client, const Transaction& transaction, Door door, dns::Resolver& resolver);
  ~FactReader() = default;
  virtual FactSource& source_of(const FactFamily& family) = 0;

  const Client& client_;
  const Transaction& transaction_;
  const Door door_;
  Stage stage_ = Stage::connect;
  WallTime now_{};
  const FactSettings* settings_;
  MessageTools tools_;
  SessionLookups lookups_;
};

}  // namespace mailweir
