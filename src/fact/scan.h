// SPDX-License-Identifier: BSD-2-Clause
// ScanSource: what a scanner says of the message: the base of the families that ask one. Begun at the end of the
// header, fed with header and body as they were received, ended with the message; the answer is waited for before the
// rules are asked. ScanCheck: a check that a scanner makes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fact/family.h"
#include "port/scanner.h"

namespace mailweir {

class ScanSource : public FactSource {
 public:
  // Null: there is no such scanner in this daemon, and what it would say is temperror.
  ScanSource(FactReader& reader, Scanner* MessageTools::*scanner) : reader_(reader), scanner_(scanner) {}

  void begin_message() override;
  void body(std::string_view chunk) override {
    if (scan_) scan_->write(chunk);
  }
  bool message_ends() override;
  bool await_message(Deadline deadline) override;

  std::string_view reason(const FactRef&) const override {
    return answer_ ? std::string_view(answer_->why) : std::string_view();
  }
  void forget(FactScope scope) override;

 protected:
  // Null: no scan was begun. What did not come is temperror.
  const ScanAnswer* answer();
  // What a rule finds that no scan was begun for: nothing without a message; else temperror, as nothing is as bad as an
  // infected message that passes.
  FactValue not_scanned() const;
  const std::optional<ScanAnswer>& answered() const { return answer_; }

 private:
  FactReader& reader_;
  Scanner* MessageTools::*const scanner_;
  std::unique_ptr<Scan> scan_;
  std::optional<ScanAnswer> answer_;
};

struct ScanCheck {
  std::string_view check;    // "virus"
  std::string_view section;  // of the policy file, that names the scanner: "[clamd]"
};
// The one that a fact is, or is a part of; null: it is no scanner's.
const ScanCheck* scan_check(const FactInfo& fact);

}  // namespace mailweir
