// SPDX-License-Identifier: BSD-2-Clause
// The calls of c-ares that it has renamed over the years (1.24, 1.28, 1.34), under one name each, so that the resolver
// reads the same with every release from 1.16 on. Only for ares_resolver.cc. Used by one thread at a time, as a channel
// is.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct ares_channeldata;
struct ares_options;

namespace mailweir {

struct AresClose {
  void operator()(ares_channeldata* channel) const;
};
using AresChannel = std::unique_ptr<ares_channeldata, AresClose>;

// Whom an answer is brought to. The call always comes, once: after the answer, or what went wrong.
class AresAsker {
 public:
  // `status`: ARES_SUCCESS, ... `message`: the answer as it stands on the wire (RFC 1035 4.1); empty if none came.
  // c-ares from 1.28 on has read and written it anew: one that it cannot read never comes.
  virtual void on_answer(int status, std::span<const unsigned char> message) = 0;

 protected:
  ~AresAsker() = default;
};

// A channel, or null and why in `status`. It keeps no answers: from 1.31 on c-ares would, for an hour.
AresChannel open_ares(const ares_options& options, int mask, int& status);

// How many servers it asks; 0 when it knows none.
std::size_t ares_server_count(ares_channeldata* channel);

// Asks for the records of a type (RFC 1035 3.2.2) in class IN. May call back before it returns.
void ares_ask(ares_channeldata* channel, const std::string& name, int type, AresAsker& asker);

}  // namespace mailweir
