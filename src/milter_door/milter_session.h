// SPDX-License-Identifier: BSD-2-Clause
// MilterSession: one SMTP session at the milter door: events in, answers and edits out. Knows no libmilter and no
// socket.
//
// One thread at a time (libmilter hops threads between events, never at once). An exception may leave any event; the
// caller answers TEMPFAIL and goes on.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "check/body_hashes.h"
#include "engine/session.h"
#include "mail/body_lines.h"
#include "mail/headers.h"
#include "milter_door/message_bounds.h"
#include "milter_door/milter_events.h"
#include "milter_door/milter_stats.h"
#include "port/digest.h"
#include "rule/needs.h"

namespace mailweir {

// What the transport and the MTA agreed on.
struct MilterTraits {
  Needs needs;
  bool leading_space = true;  // SMFIP_HDR_LEADSPC
};

class MilterSession {
 public:
  MilterSession(Services& services, const Digests& digests, const Snapshot<Policy>& policy, PolicyPtr negotiated,
                MilterLimits limits, MilterTraits traits, MilterStats& stats);
  ~MilterSession();

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
  // A verdict on connect or helo that counts for every message of the session, with the policy that it points into.
  struct SessionVerdict {
    Verdict verdict;
    PolicyPtr policy;
    std::string told;  // the transaction whose log lines have it
  };
  using SessionVerdicts = std::array<std::optional<SessionVerdict>, 2>;  // connect, helo

  struct Given {
    std::string path, resolved;  // the command's argument; <{rcpt_addr}> where that is another text
  };
  SessionVerdict kept(const Verdict& verdict);
  bool judges(Stage stage) const { return session_.policy().judges(Door::milter, stage); }
  MilterAnswer judge(Stage stage);
  std::string_view at_end(const Verdict& verdict);
  MilterAnswer answer(const Verdict& verdict);
  static MilterAnswer answer(Reply reply);
  MilterAnswer judge_handed_over();
  MilterAnswer answer_again(const SessionVerdict& kept);
  MilterAnswer no_mailbox(Stage stage);
  static Given to_delete(std::string_view path, const Macros& macros);
  void rejected_recipient(const Macros& macros);
  void find_origin(bool logged_in);
  void begin(const Macros& macros);
  std::vector<Address> recipients_not_asked();
  void finish(std::string_view outcome, bool taken);
  void begin_hashes();
  MilterAnswer judge_data();
  MilterAnswer judge_end();
  MilterAnswer over_bounds();
  MilterAnswer refuse_over(Reply reply);
  Result<void> carry_out(MessageEditor& editor);
  void edit_headers();
  void tell_results();
  void sign();
  void leave_unsigned(std::string_view why);
  bool ready_to_sign();
  Result<void> send_headers(MessageEditor& editor);
  Result<void> send_recipients(MessageEditor& editor);

  Services& services_;
  const Digests& digests_;
  const Snapshot<Policy>& policy_;
  const MilterLimits limits_;
  const MilterTraits traits_;
  MilterStats& stats_;
  Session session_;
  std::string sendmail_host_;  // {j} when the MTA is Sendmail, which does some things otherwise; else empty
  MessageBounds bounds_;
  HeaderList headers_;
  std::unique_ptr<BodyHashes> hashes_;
  BodyLines lines_;  // of the body, where it is hashed
  std::uint64_t bytes_ = 0;
  Effects effects_;
  std::optional<Verdict> postponed_;                       // of local mail: answered at its end
  SessionVerdicts postponed_of_session_;                   // likewise, of each of its messages
  SessionVerdicts judged_at_data_;                         // handed over, and the policy door was not asked
  std::vector<Given> recipients_;                          // accepted, for deletion
  std::vector<Given> discarded_;                           // accepted and to be deleted
  std::vector<std::string> refused_before_;                // by the policy door
  std::vector<std::pair<std::string, std::string>> done_;  // for the message's line: signed=...
  bool discard_ = false, data_judged_ = false;
  bool refused_recipient_ = false, mta_refused_recipient_ = false;  // any: by a rule of ours, by the MTA
};

}  // namespace mailweir
