// SPDX-License-Identifier: BSD-2-Clause
// HttpConversation: a connection of the http door: bytes into requests, an HttpDoorSession's answers into bytes. Knows
// no socket. What makes no sense, or does not show the token, gets an HTTP error: Dovecot then goes on as if it had not
// asked.
#pragma once

#include "base/clock.h"
#include "base/conversation.h"
#include "base/http_request.h"
#include "http_door/door_session.h"

namespace mailweir {

class HttpConversation final : public Conversation {
 public:
  explicit HttpConversation(const HttpDoor& door) : door_(door), session_(door) {}

  bool received(std::string_view bytes, Output& out) override;
  void closed(std::string_view why) override;
  std::chrono::milliseconds patience() const override { return waiting_ ? door_.limits.whole : door_.limits.idle; }
  bool silent(Output& out) override;

 private:
  bool answer(const HttpRequest& request, Output& out);
  bool refuse(const HttpRefusal& refusal, Output& out);
  void log_bad(std::string_view why);

  const HttpDoor& door_;
  HttpDoorSession session_;
  HttpRequestReader reader_;
  bool waiting_ = false;  // in the middle of a request
  SteadyTime begun_{};    // the request that is coming in
};

}  // namespace mailweir
