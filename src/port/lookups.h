// SPDX-License-Identifier: BSD-2-Clause
// Lookups: the DNS answers of one transaction. A check is a plain function that asks get() for what it needs; the same
// function run early by prefetch() starts the lookups without waiting, and is run again as answers arrive.
//
// Each answer is pinned: two rules see the same one, and a lookup that was late stays temperror. Bounded: after
// `most_questions` different ones all further answers are temperror. Thread-safe; held by shared_ptr, because an answer
// may arrive after the transaction is gone.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "port/dns.h"

namespace mailweir {

struct TimedLookup {
  dns::Question question;
  dns::AnswerPtr answer;              // null: still under way
  std::chrono::microseconds took{0};  // from asking to the answer, or to now
  bool cached = false;                // was at hand at once
};

// Thrown by get() inside prefetch() when the answer is not there yet. Checks let it pass.
struct NotYet {};

class Lookups : public std::enable_shared_from_this<Lookups> {
 public:
  static constexpr std::size_t most_questions = 400;

  // The resolver must outlive all transactions. The deadline is for all lookups together.
  static std::shared_ptr<Lookups> make(dns::Resolver& resolver, Deadline deadline);
  virtual ~Lookups() = default;

  // The answer; waits for it until the deadline at the most. Inside prefetch: throws NotYet instead of waiting.
  // The reference is good as long as this object.
  virtual const dns::Answer& get(const dns::Question& question) = 0;
  // The answer if it is there; nullptr: not yet. It is asked for if it is new.
  virtual const dns::Answer* at_hand(const dns::Question& question) = 0;
  // Starts a lookup without waiting, so that siblings run in parallel.
  virtual void want(const dns::Question& question) = 0;
  // Runs `check` now on what is known, and again each time that the answer it lacked arrives, until it gets through.
  // `check` must own what it refers to (it may run after the caller is gone, on the resolver's thread); its result, and
  // an exception too, is thrown away: the run that waits meets it again. True: it got through at once, on what is at
  // hand, and is not run again.
  virtual bool prefetch(std::function<void(Lookups&)> check) = 0;
  // A later deadline, for what is asked from now on: a slow client's DATA must not find the time of its MAIL used up.
  // What was late already stays so.
  virtual void renew(Deadline deadline) = 0;
  // How long get() has held its callers up so far, all together.
  virtual std::chrono::microseconds waited() const = 0;
  // In the order asked.
  virtual std::vector<TimedLookup> trace() const = 0;
};

}  // namespace mailweir
