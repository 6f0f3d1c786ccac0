// SPDX-License-Identifier: BSD-2-Clause
// MilterDoorSession: one SMTP session at the milter door as mail: events in, answers and edits out. Knows no bytes, no
// libmilter and no socket.
//
// One thread at a time (libmilter hops threads between events, never at once). An exception may leave any event; the
// caller answers TEMPFAIL and goes on.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/session.h"
#include "milter_door/door.h"
#include "milter_door/handed_over.h"
#include "milter_door/kept_verdict.h"
#include "milter_door/milter_answer.h"
#include "milter_door/milter_events.h"
#include "milter_door/milter_message.h"
#include "rule/needs.h"

namespace mailweir {

class MessageEdits;

// What the transport and the MTA agreed on.
struct MilterTraits {
  Needs needs;
  bool leading_space = true;  // SMFIP_HDR_LEADSPC
};

class MilterDoorSession {
 public:
  // `negotiated`: the policy whose needs were agreed on.
  MilterDoorSession(const MilterDoor& door, PolicyPtr negotiated, MilterTraits traits);
  ~MilterDoorSession();
  MilterDoorSession(const MilterDoorSession&) = delete;
  MilterDoorSession& operator=(const MilterDoorSession&) = delete;

  MilterAnswer connect(std::string_view host, const std::optional<IpAddress>& address, std::uint16_t port,
                       const Macros& macros);
  MilterAnswer helo(std::string_view name, const Macros& macros);
  MilterAnswer mail(const std::vector<std::string_view>& args, const Macros& macros);
  MilterAnswer rcpt(const std::vector<std::string_view>& args, const Macros& macros);
  MilterAnswer data(const Macros& macros);
  MilterAnswer header(std::string_view name, std::string_view value);
  MilterAnswer end_of_header(const Macros& macros);
  MilterAnswer body(std::string_view chunk);
  MilterAnswer end_of_message(MessageEditor& editor, const Macros& macros);
  void abort();
  // Whether the MTA is Sendmail, which lets a client think for an hour.
  bool is_sendmail() const { return !sendmail_host_.empty(); }

 private:
  bool is_local() { return session_.client().origin == Origin::local; }
  MilterAnswer answer(const Verdict& verdict) { return answer_of(verdict, session_.transaction()); }
  void take_queue_id(const Macros& macros);
  void begin(const Macros& macros);
  void finish(std::string_view outcome, bool taken);
  MilterAnswer judge(Stage stage);
  MilterAnswer judge_data();
  MilterAnswer judge_end();
  MilterAnswer judge_all_that_is_left();
  MilterAnswer answer_again(const KeptVerdict& kept);
  std::string_view at_end(const Verdict& verdict);
  MilterAnswer no_mailbox(Stage stage);
  MilterAnswer refuse_pseudo();
  MilterAnswer refuse_address(Stage stage, Reply reply, std::string reason);
  void rejected_recipient(const Macros& macros);
  MilterAnswer refuse_over(Reply reply);
  MilterAnswer held_if_local(MilterAnswer answer);
  void await_scans(MessageEditor& editor);
  MilterAnswer edit_and_sign(MessageEdits& edits);

  const MilterDoor& door_;
  const MilterTraits traits_;
  Session session_;
  HandedOver handed_over_;
  std::string sendmail_host_;                                     // {j} when the MTA is Sendmail, else empty
  std::optional<Reply> bad_helo_;                                 // of a HELO name over its bound
  std::array<std::optional<KeptVerdict>, 2> postponed_refusals_;  // of local mail, at connect and helo
  MilterMessage message_;
};

}  // namespace mailweir
