// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/dns/answer_cache.h"

#include "mail/domain.h"

namespace mailweir {
namespace {

// Roughly what an entry takes, hash and list nodes included; the name stands in it twice.
std::size_t size_of(const dns::Question& question, const dns::Answer& answer) {
  std::size_t bytes =
      320 + 2 * question.name.size() + answer.detail.size() + answer.records.size() * sizeof(dns::Record);
  for (const auto& record : answer.records) bytes += record.text.size();
  return bytes;
}

}  // namespace

dns::AnswerPtr AnswerCache::find(const dns::Question& question, SteadyTime now) {
  const auto found = places_.find(question);
  if (found == places_.end()) return nullptr;
  const auto place = found->second;
  if (place->expires <= now) {
    drop(place);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, place);
  return place->answer;
}

std::size_t AnswerCache::keep(const dns::Question& question, dns::AnswerPtr answer, SteadyTime now,
                              SteadyTime expires) {
  if (const auto old = places_.find(question); old != places_.end()) drop(old->second);
  const auto bytes = size_of(question, *answer);
  if (bytes > most_bytes_ || most_entries_ == 0) return 0;
  std::size_t evicted = 0;
  while (entries_.size() >= most_entries_ || bytes_ + bytes > most_bytes_) {
    const auto last = std::prev(entries_.end());
    if (last->expires > now) ++evicted;
    drop(last);
  }
  entries_.push_front({question, std::move(answer), expires, bytes});
  places_.emplace(question, entries_.begin());
  bytes_ += bytes;
  return evicted;
}

void AnswerCache::drop(Place place) {
  bytes_ -= place->bytes;
  places_.erase(place->question);
  entries_.erase(place);
}

template <typename Wanted>
std::size_t AnswerCache::forget_if(Wanted wanted) {
  const auto before = entries_.size();
  for (auto place = entries_.begin(); place != entries_.end();) {
    const auto next = std::next(place);
    if (wanted(*place)) drop(place);
    place = next;
  }
  return before - entries_.size();
}

std::size_t AnswerCache::forget(std::string_view zone) {
  return forget_if([&](const Entry& entry) { return zone.empty() || is_at_or_below(entry.question.name, zone); });
}

std::size_t AnswerCache::forget_failures() {
  return forget_if([](const Entry& entry) { return entry.answer->status != dns::Answer::Status::ok; });
}

}  // namespace mailweir
