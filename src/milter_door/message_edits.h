// SPDX-License-Identifier: BSD-2-Clause
// MessageEdits: what a message's verdicts want done to it, carried out at its end: first in our copy of the header,
// then, once that is signed, at the MTA. Lives for one end-of-message.
#pragma once

#include "base/result.h"
#include "engine/session.h"
#include "milter_door/milter_events.h"
#include "milter_door/milter_message.h"

namespace mailweir {

class MessageEdits {
 public:
  // `leading_space`: header values hold the blank after the colon (MilterTraits).
  MessageEdits(Session& session, MilterMessage& message, bool leading_space)
      : session_(session), message_(message), leading_space_(leading_space) {}

  // What a [routes.NAME] does with it, which may be a hold; in the log what it does not.
  void reroute(bool sendmail, Log& log);
  // Headers that rules remove, add and replace, and the Authentication-Results field.
  void change_header();
  // Errors name the edit that the MTA does not take.
  Result<void> send(MessageEditor& editor);

 private:
  void make_edits();
  void tell_results();
  Result<void> send_headers(MessageEditor& editor);

  Session& session_;
  MilterMessage& message_;
  const bool leading_space_;
};

}  // namespace mailweir
