// SPDX-License-Identifier: BSD-2-Clause
#include "fact/message_checks.h"

namespace mailweir {

void MessageChecks::begin(const Tools& tools, const SignatureJudgePtr& judge, const HeaderList& headers,
                          Lookups& lookups) {
  forget();
  begun_ = true;
  verification_ = tools.verifier->begin(headers, judge);
  for (const auto& key : verification_->keys()) lookups.want(key);
}

void MessageChecks::start_dmarc(const Tools& tools, const std::vector<std::string>& from_domains, Lookups& lookups) {
  lookups.prefetch(
      [tool = tools.dmarc, from_domains](Lookups& early) { find_dmarc_records(early, *tool, from_domains); });
}

const DkimResult* MessageChecks::dkim(Lookups& lookups) {
  if (!begun_) return nullptr;
  if (!dkim_) {
    dkim_ = verification_->finish(lookups);
    verification_.reset();
  }
  return &*dkim_;
}

const DmarcResult* MessageChecks::dmarc(const DmarcTools& tools, const HeaderList& headers,
                                        const std::vector<std::string>& from_domains, DmarcEvidence spf,
                                        unsigned sample, Lookups& lookups) {
  if (!begun_) return nullptr;
  if (!dmarc_) {
    const DkimResult& signatures = *dkim(lookups);
    spf.dkim_domains = signatures.passed();
    spf.dkim_unasked = signatures.domains(AuthWord::temperror);
    dmarc_ = mailweir::dmarc(lookups, tools, headers.count("From"), from_domains, spf, sample);
  }
  return &*dmarc_;
}

void MessageChecks::forget() {
  begun_ = false;
  verification_.reset();
  dkim_.reset();
  dmarc_.reset();
}

}  // namespace mailweir
