// SPDX-License-Identifier: BSD-2-Clause
// Conversation: what a connection says and hears, apart from its socket. StreamServer owns the sockets.
// One thread uses it, on the stack of a fiber: what it waits for may set it aside (base/blocking.h).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace mailweir {

class Conversation {
 public:
  // Where its answers go.
  class Output {
   public:
    virtual ~Output() = default;
    std::string& buffer() { return buffer_; }  // appended to; sent when the call returns
    // Sends now what stands in the buffer; may wait, for a bounded time. False: the peer is gone.
    virtual bool flush() = 0;

   protected:
    std::string buffer_;
  };

  virtual ~Conversation() = default;
  // Bytes have come: at most 64 KiB a call, good during the call only. False: close, once the output has been sent.
  virtual bool received(std::string_view bytes, Output& out) = 0;
  // The peer has closed, or the connection broke. Called at most once, nothing after it.
  virtual void closed(std::string_view why) = 0;
  // How long the peer may say nothing now, before silent() is called.
  virtual std::chrono::milliseconds patience() const = 0;
  // That time is over. False: close.
  virtual bool silent(Output& out) = 0;
};

}  // namespace mailweir
