// SPDX-License-Identifier: BSD-2-Clause
// FactSource: a family of facts within one session: it says what they are, and keeps what it has found. It is asked
// only for facts that are known at the stage and not skipped, except by other families. One thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "fact/definition.h"
#include "fact/ref.h"
#include "fact/value.h"

namespace mailweir {

class FactSource {
 public:
  virtual ~FactSource() = default;

  virtual FactValue get(const FactRef& fact) = 0;
  // Starts its lookups without waiting, if its input is known.
  virtual void start(const FactRef& fact) { static_cast<void>(fact); }
  // At the end of the header, if a check of the family that needs the whole message is wanted: the body comes next.
  // Called before that of the families that it reads.
  virtual void begin_message() {}
  // A piece of the body, of every message that a family has begun.
  virtual void body(std::string_view chunk) { static_cast<void>(chunk); }
  // That was all of it. True: an answer is to be awaited that may take longer than a callback of the mail server.
  virtual bool message_ends() { return false; }
  // Waits for it until the deadline. False: it is still to come.
  virtual bool await_message(Deadline deadline) {
    static_cast<void>(deadline);
    return true;
  }
  // What it said, for the message's log line.
  virtual std::vector<std::pair<std::string, std::string>> message_fields() const { return {}; }
  // Why a check says what it says; "" if it was not asked.
  virtual std::string_view reason(const FactRef& fact) const {
    static_cast<void>(fact);
    return {};
  }
  // Of a check that brings others' words with it: those of what it has found so far, for {CHECK_reason} in a reply.
  virtual std::optional<std::string> words_found(const FactRef& fact) {
    static_cast<void>(fact);
    return {};
  }
  // What was found within a scope is true no longer: helo, or transaction.
  virtual void forget(FactScope scope) { static_cast<void>(scope); }
  // The policy is another one.
  virtual void settings_changed() {}
};

// The place of a fact among those of its family, as an enumerator of the family's own.
template <typename Place>
Place place_of(const FactRef& fact) {
  return static_cast<Place>(fact.info().place);
}

}  // namespace mailweir
