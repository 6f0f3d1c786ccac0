// SPDX-License-Identifier: BSD-2-Clause
// Answers and edits of a session as packets of the milter protocol.
#pragma once

#include <string>

#include "base/conversation.h"
#include "milter_door/milter_answer.h"
#include "milter_door/milter_events.h"
#include "milter_door/protocol.h"

namespace mailweir {

void append_answer(std::string& out, const MilterAnswer& answer);

// Edits go out in the order in which they are made, before the answer to end-of-message. One that was not negotiated,
// or that no packet can hold, is refused.
class PacketEditor final : public MessageEditor {
 public:
  // `actions`: what the MTA allows, bits of milter::Options.
  PacketEditor(Conversation::Output& out, std::uint32_t actions) : out_(out), actions_(actions) {}

  bool add_header(const std::string& name, const std::string& value) override;
  bool insert_header(int index, const std::string& name, const std::string& value) override;
  bool change_header(const std::string& name, int occurrence, const std::optional<std::string>& value) override;
  bool add_recipient(const std::string& address) override;
  bool add_recipient_with(const std::string& address, const std::string& parameters) override;
  bool delete_recipient(const std::string& address) override;
  bool quarantine(const std::string& reason) override;
  void progress() override;

 private:
  bool send(std::uint32_t action, bool makes_sense, const milter::Response& edit);

  Conversation::Output& out_;
  const std::uint32_t actions_;
};

}  // namespace mailweir
