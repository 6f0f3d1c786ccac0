// SPDX-License-Identifier: BSD-2-Clause
// RequestConversation: a conversation whose peer sends requests one after the other. Each has a time from its first
// byte to its last; a connection that ends or stops in the middle of one is logged. What the requests are is the
// subclass's.
#pragma once

#include "base/clock.h"
#include "base/conversation.h"

namespace mailweir {

class RequestConversation : public Conversation {
 public:
  RequestConversation(const Clock& clock, std::chrono::milliseconds partial) : clock_(clock), partial_(partial) {}

  bool received(std::string_view bytes, Output& out) final;
  void closed(std::string_view why) final;
  std::chrono::milliseconds patience() const final { return inside() ? partial_ : patience_between(); }
  bool silent(Output& out) final;

 protected:
  // Takes all of the bytes and answers each request that is whole now. False: close; the reason is logged.
  virtual bool take(std::string_view bytes, Output& out) = 0;
  // Whether part of a request has come.
  virtual bool inside() const = 0;
  virtual std::chrono::milliseconds patience_between() const = 0;
  // That time is over, between two requests. False: close.
  virtual bool silent_between() = 0;
  virtual void log_bad(std::string_view why) = 0;
  void request_is_whole() { whole_ = true; }

 private:
  const Clock& clock_;
  const std::chrono::milliseconds partial_;
  SteadyTime begun_{};  // of the request that is coming in
  bool whole_ = false;  // one was whole among the bytes just read
};

}  // namespace mailweir
