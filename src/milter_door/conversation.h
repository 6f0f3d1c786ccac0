// SPDX-License-Identifier: BSD-2-Clause
// MilterConversation: an MTA's connection: bytes of the milter protocol in, a MilterDoorSession's answers and edits
// out. Knows no socket.
//
// The order of the dialogue is held, and what is out of it or malformed is one log line and the end of the connection.
// Two exceptions, because MTAs do them: a MAIL begins a message whatever stood before, and what comes for a message
// that we refused, or that we know nothing of, is answered as that message was, or with a deferral.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/conversation.h"
#include "base/memory_budget.h"
#include "milter_door/door.h"
#include "milter_door/door_session.h"
#include "milter_door/macro_store.h"
#include "milter_door/negotiation.h"
#include "milter_door/packet_reader.h"

namespace mailweir {

class MilterConversation final : public Conversation {
 public:
  // How long an MTA may stop within a packet, or before it has said what it can; and how long a packet may take from
  // its first byte to its last (Postfix gives up a command after milter_command_timeout, 30 s).
  static constexpr std::chrono::milliseconds within{10'000}, whole{30'000};
  // Between two packets: before a client (MTAs name it at once, or after a pause in greeting), while a client thinks
  // (Postfix: smtpd_timeout, 300 s, but a client may keep its connection with NOOP, which no milter sees; Sendmail:
  // Timeout.command, 1 h), while it sends the message, of which an MTA says nothing before it is there (10 MB at 1,500
  // bytes a second; libmilter's own 7210 s), and while the MTA hands it over, to other filters in between.
  static constexpr std::chrono::minutes before_client{5}, postfix_idle{30}, sendmail_idle{65}, handing_over{15};
  static constexpr std::chrono::seconds in_transfer{7210};

  explicit MilterConversation(const MilterDoor& door)
      : door_(door), reader_(longest_packet(door.limits)), memory_(door.limits.memory) {}

  bool received(std::string_view bytes, Output& out) override;
  void closed(std::string_view why) override;
  std::chrono::milliseconds patience() const override;
  bool silent(Output& out) override;

 private:
  struct Take;  // an overload for each event
  enum class At { start, agreed, session, envelope, header, body };

  void log_bad(std::string_view why);
  bool out_of_order(std::string_view what);
  void new_session();
  void end_message();
  bool in_message() const { return at_ >= At::envelope; }
  bool in_time(bool fresh);
  template <typename Step>
  MilterAnswer run(Step step);
  void answer(milter::Command command, const MilterAnswer& answer, Output& out);

  bool on_options(const milter::Options& offered, Output& out);
  bool on_connect(const milter::Connect& connect, Output& out);
  bool on_helo(const milter::Helo& helo, Output& out);
  bool on_mail(const milter::Mail& mail, Output& out);
  bool on_rcpt(const milter::Rcpt& rcpt, Output& out);
  bool on_data(Output& out);
  bool on_header(const milter::Header& header, Output& out);
  bool on_end_of_header(Output& out);
  bool on_body(milter::Command command, std::string_view chunk, Output& out);
  bool on_end_of_message(std::string_view chunk, Output& out);

  const MilterDoor& door_;
  milter::Reader reader_;
  MacroStore macros_;
  MilterAgreement agreed_;
  PolicyPtr negotiated_;
  std::unique_ptr<MilterDoorSession> session_;
  MilterAnswer refusal_;  // of what comes when no message is under way
  std::vector<std::string_view> arguments_;
  MemoryShare memory_;  // of the packet that is not whole
  SteadyTime begun_{};  // when that began
  At at_ = At::start;
  bool has_recipient_ = false;  // in this message: its text may be on the way
  bool failed_ = false;         // something of ours broke: the message is deferred at its end
};

}  // namespace mailweir
