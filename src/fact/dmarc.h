// SPDX-License-Identifier: BSD-2-Clause
// DmarcSource: whether what SPF and DKIM found speaks for the author (RFC 9989).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/dmarc.h"
#include "fact/family.h"

namespace mailweir {

extern const FactFamily dmarc_family;

class DmarcSource final : public FactSource {
 public:
  explicit DmarcSource(FactReader& reader) : reader_(reader) {}

  // Starts the lookups without waiting, DKIM's too. Without a verifier it does not begin.
  void begin_message() override;
  // Null where DKIM was not begun. The first call waits for what is still under way.
  const DmarcResult* result();
  const std::optional<DmarcResult>& found() const { return found_; }

  FactValue get(const FactRef& fact) override;
  std::string_view reason(const FactRef&) const override {
    return found_ ? std::string_view(found_->reason) : std::string_view();
  }
  void forget(FactScope scope) override {
    if (scope != FactScope::transaction) return;
    found_.reset();
    aligned_.reset();
  }

  // For from_dmarc, of the message's header.
  std::vector<std::string> author_domains();
  bool has_unusable_author();

 private:
  FactValue aligned();
  bool spf_may_speak(const std::vector<std::string>& authors);
  DmarcEvidence spf_evidence(const std::vector<std::string>& authors);

  FactReader& reader_;
  std::optional<DmarcResult> found_;
  std::optional<FactValue> aligned_;
};

}  // namespace mailweir
