// SPDX-License-Identifier: BSD-2-Clause
// AnswerCache: DNS answers until they expire, bounded in number and bytes, the least recently used leave first.
// Not thread-safe: each shard of the caching resolver guards its own.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>

#include "port/dns.h"

namespace mailweir {

class AnswerCache {
 public:
  AnswerCache(std::size_t most_entries, std::size_t most_bytes)
      : most_entries_(most_entries), most_bytes_(most_bytes) {}

  // Null when there is none that is still good; an expired one is dropped.
  dns::AnswerPtr find(const dns::Question& question, SteadyTime now);
  // Returns how many entries that were still good had to leave. An answer that is larger than all the room is not kept.
  std::size_t keep(const dns::Question& question, dns::AnswerPtr answer, SteadyTime now, SteadyTime expires);
  // Drops a name and all below it, all if it is ""; how many.
  std::size_t forget(std::string_view zone);
  // Drops what says that there is nothing, or that it is not known; how many.
  std::size_t forget_failures();
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    dns::Question question;
    dns::AnswerPtr answer;
    SteadyTime expires;
    std::size_t bytes;
  };
  using Place = std::list<Entry>::iterator;
  void drop(Place place);
  template <typename Wanted>
  std::size_t forget_if(Wanted wanted);

  const std::size_t most_entries_, most_bytes_;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;  // the most recently used first
  std::unordered_map<dns::Question, Place, dns::QuestionHash> places_;
};

}  // namespace mailweir
