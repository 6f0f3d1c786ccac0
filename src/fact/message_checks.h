// SPDX-License-Identifier: BSD-2-Clause
// MessageChecks: the checks that need the whole message: DKIM while it streams by, and DMARC from what came out. Begun
// at the end of the header, fed with the body, asked at end-of-message. Owned by Facts; one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "check/dmarc.h"
#include "port/verifier.h"

namespace mailweir {

class MessageChecks {
 public:
  // What they are made with; both outlive every message. Without them nothing is verified.
  struct Tools {
    const Verifier* verifier = nullptr;
    const DmarcTools* dmarc = nullptr;
    bool complete() const { return verifier != nullptr && dmarc != nullptr; }
  };

  // Reads the header and starts the lookups of keys, without waiting.
  void begin(const Tools& tools, const SignatureJudgePtr& judge, const HeaderList& headers, Lookups& lookups);
  // Starts those of DMARC records.
  static void start_dmarc(const Tools& tools, const std::vector<std::string>& from_domains, Lookups& lookups);
  bool begun() const { return begun_; }
  void write(std::string_view chunk) {
    if (verification_) verification_->write(chunk);
  }
  // Null when it was not begun. The first call waits for what is still under way.
  const DkimResult* dkim(Lookups& lookups);
  const DmarcResult* dmarc(const DmarcTools& tools, const HeaderList& headers,
                           const std::vector<std::string>& from_domains, DmarcEvidence spf, unsigned sample,
                           Lookups& lookups);
  const std::optional<DkimResult>& found_dkim() const { return dkim_; }
  const std::optional<DmarcResult>& found_dmarc() const { return dmarc_; }
  void forget();

 private:
  bool begun_ = false;
  std::unique_ptr<Verification> verification_;
  std::optional<DkimResult> dkim_;
  std::optional<DmarcResult> dmarc_;
};

}  // namespace mailweir
