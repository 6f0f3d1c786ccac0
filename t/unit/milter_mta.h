// SPDX-License-Identifier: BSD-2-Clause
// An MTA that speaks the milter protocol with a door of ours, in the words of milter_dialogue.h.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "adapter/keys/openssl_digest.h"
#include "engine_fixture.h"
#include "milter_dialogue.h"
#include "milter_door/milter_conversation.h"

namespace mailweir::test {

class Buffer final : public Conversation::Output {
 public:
  bool flush() override { return true; }
};

class Mta {
 public:
  explicit Mta(const std::string& text)
      : engine(text), policy(engine.policy), digests(openssl_digests()),
        door{engine.services, *digests, policy, {}, stats, draining}, conversation(std::in_place, door) {}

  // What is answered to this, and " | end" when the connection is closed.
  std::string say(std::string_view words) { return bytes(mta_bytes(words)); }
  std::string bytes(std::string_view sent) {
    Buffer out;
    const bool open = conversation->received(sent, out);
    return filter_words(out.buffer()) + (open ? "" : " | end");
  }
  std::vector<std::string> bad() const { return engine.log.of("bad-milter-packet"); }

  Engine engine;
  Snapshot<Policy> policy;
  DigestsPtr digests;
  MilterStats stats;
  std::atomic<bool> draining{false};
  MilterDoor door;
  std::optional<MilterConversation> conversation;
};

}  // namespace mailweir::test
