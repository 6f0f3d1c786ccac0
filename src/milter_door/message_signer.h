// SPDX-License-Identifier: BSD-2-Clause
// MessageSigner: the DKIM signatures of one message: whether its body must be hashed, with which keys it is signed, and
// the signatures, last of all, over the message as it leaves. Owned by one MilterDoorSession; made anew for each
// message.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/body_hashes.h"
#include "check/sign_plan.h"
#include "engine/session.h"
#include "mail/body_lines.h"
#include "mail/headers.h"
#include "mail/reply.h"
#include "milter_door/door.h"

namespace mailweir {

using LogFields = std::vector<std::pair<std::string, std::string>>;

// What became of the signing of a message.
struct Signed {
  LogFields told;                // for the message's line
  std::optional<Reply> refusal;  // it must not leave as it is
};

class MessageSigner {
 public:
  explicit MessageSigner(const MilterDoor& door) : door_(&door) {}

  // At the end of the header. The body is seen once: hashing begins now if a rule may sign this message.
  void begin(Session& session, const HeaderList& headers);
  void body(std::string_view chunk);
  void body_ends();
  // Puts the signatures that `effects` wants on top of the header. `sendmail_host`: the name of the MTA's host when it
  // is Sendmail, else "".
  Signed sign(Session& session, const Effects& effects, HeaderList& headers, std::string_view sendmail_host);

 private:
  void note_outsider(Session& session, const HeaderList& headers);
  void hear(const KeysFound& found);
  Reply refuse(Session& session, SignPlan::Refusal refusal, const std::string& why, const std::string& authors);
  void add_signatures(Session& session, const SignPlan& plan, HeaderList& headers, std::string_view sendmail_host,
                      LogFields& told);
  void leave_unsigned(Session& session, std::string_view why);
  bool make_ready(Session& session, HeaderList& headers, std::string_view sendmail_host);

  const MilterDoor* door_;
  std::unique_ptr<BodyHashes> hashes_;
  BodyLines lines_;          // of the body, where it is hashed
  bool rules_sign_ = false;  // a rule of the policy does, if its conditions hold
};

// What a rule wants signed.
SignWish wish_of(const Sign& effect);
// "a.example,b.example": at most three, for the log.
std::string domains_in(const std::vector<std::string>& domains);

}  // namespace mailweir
