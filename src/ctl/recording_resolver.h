// SPDX-License-Identifier: BSD-2-Clause
// RecordingResolver: passes questions on to another resolver and keeps what was asked, with the answers. Thread-safe.
// The other resolver outlives it; answers may come after it is gone.
#pragma once

#include <memory>
#include <vector>

#include "base/guarded.h"
#include "port/dns.h"
#include "port/lookups.h"

namespace mailweir {

class RecordingResolver final : public dns::Resolver {
 public:
  explicit RecordingResolver(dns::Resolver& inner) : inner_(inner) {}

  dns::AnswerPtr ask(const dns::Question& question, Deadline deadline,
                     std::function<void(dns::AnswerPtr)> done) override;
  // In the order asked.
  std::vector<TimedLookup> lookups() const;

 private:
  struct Asked {
    TimedLookup lookup;
    SteadyTime at;
  };
  using Record = Guarded<std::vector<Asked>>;
  static void answered(Record& record, std::size_t place, const dns::AnswerPtr& answer, bool at_once);

  dns::Resolver& inner_;
  const std::shared_ptr<Record> record_ = std::make_shared<Record>();
};

}  // namespace mailweir
