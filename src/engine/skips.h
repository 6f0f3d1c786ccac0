// SPDX-License-Identifier: BSD-2-Clause
// Skips: which checks rules have turned off, and for whom: at connect and helo for the session, at rcpt for that
// recipient, elsewhere for the transaction. A message's check is off only if all its recipients say so.
#pragma once

#include "fact/facts.h"
#include "mail/stage.h"

namespace mailweir {

class Skips {
 public:
  void note(Stage stage, CheckSet checks) {
    CheckSet& of = stage <= Stage::helo ? session_ : stage == Stage::rcpt ? recipient_ : transaction_;
    of = of | checks;
  }
  // What is off at a stage; at rcpt for the recipient asked about last.
  CheckSet off(Stage stage) const {
    const CheckSet wide = session_ | transaction_;
    return stage < Stage::rcpt ? wide : wide | (stage == Stage::rcpt ? recipient_ : all_recipients_);
  }
  void recipient_begins() { recipient_ = CheckSet(); }
  void recipient_accepted() {
    all_recipients_ = any_recipient_ ? all_recipients_ & recipient_ : recipient_;
    any_recipient_ = true;
  }
  void transaction_ends() {
    transaction_ = recipient_ = all_recipients_ = CheckSet();
    any_recipient_ = false;
  }

 private:
  CheckSet session_, transaction_, recipient_, all_recipients_;
  bool any_recipient_ = false;
};

}  // namespace mailweir
