// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/recording_resolver.h"

#include <utility>

namespace mailweir {
namespace {

std::chrono::microseconds since(SteadyTime begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
}

}  // namespace

void RecordingResolver::answered(Record& record, std::size_t place, const dns::AnswerPtr& answer, bool at_once) {
  record.with([&](std::vector<Asked>& all) {
    TimedLookup& lookup = all[place].lookup;
    lookup.answer = answer;
    lookup.took = since(all[place].at);
    lookup.cached = at_once;
  });
}

dns::AnswerPtr RecordingResolver::ask(const dns::Question& question, Deadline deadline,
                                      std::function<void(dns::AnswerPtr)> done) {
  const std::size_t place = record_->with([&](std::vector<Asked>& all) {
    all.push_back({{question, nullptr, {}, false}, std::chrono::steady_clock::now()});
    return all.size() - 1;
  });
  auto answer =
      inner_.ask(question, deadline, [record = record_, place, done = std::move(done)](const dns::AnswerPtr& late) {
        answered(*record, place, late, false);
        done(late);
      });
  if (answer) answered(*record_, place, answer, true);
  return answer;
}

std::vector<TimedLookup> RecordingResolver::lookups() const {
  return record_->with([](const std::vector<Asked>& all) {
    std::vector<TimedLookup> lookups;
    for (const Asked& asked : all) {
      lookups.push_back(asked.lookup);
      if (!asked.lookup.answer) lookups.back().took = since(asked.at);
    }
    return lookups;
  });
}

}  // namespace mailweir
