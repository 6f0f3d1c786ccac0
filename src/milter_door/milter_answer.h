// SPDX-License-Identifier: BSD-2-Clause
// MilterAnswer: what the milter door answers to an event, and how it follows from a verdict.
#pragma once

#include <optional>

#include "engine/verdict.h"
#include "mail/reply.h"
#include "mail/transaction.h"

namespace mailweir {

struct MilterAnswer {
  enum class Kind { go_on, reject, tempfail, discard };
  Kind kind = Kind::go_on;
  std::optional<Reply> reply;
  bool utf8 = false;  // the client asked for SMTPUTF8: the reply's text may hold UTF-8 (RFC 6531 3.5)

  bool goes_on() const { return kind == Kind::go_on; }
};

MilterAnswer answer_of(const Verdict& verdict, const Transaction& transaction);
// Of a reply that no rule has given.
MilterAnswer answer_of(Reply reply);

}  // namespace mailweir
