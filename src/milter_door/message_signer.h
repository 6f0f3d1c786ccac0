// SPDX-License-Identifier: BSD-2-Clause
// MessageSigner: the DKIM signatures of one message: whether its body must be hashed, with which keys it is signed, and
// the signatures, last of all, over the message as it leaves. Owned by one MilterDoorSession; made anew for each
// message.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/body_hashes.h"
#include "check/signing_keys.h"
#include "engine/session.h"
#include "mail/body_lines.h"
#include "mail/headers.h"
#include "milter_door/door.h"

namespace mailweir {

using LogFields = std::vector<std::pair<std::string, std::string>>;

class MessageSigner {
 public:
  explicit MessageSigner(const MilterDoor& door) : door_(&door) {}

  // At the end of the header. The body is seen once: hashing begins now if a rule may sign this message.
  void begin(Session& session, const HeaderList& headers);
  void body(std::string_view chunk);
  void body_ends();
  // Puts the signatures that `effects` wants on top of the header. Returns what the message's line says of it.
  // `sendmail_host`: the name of the MTA's host when it is Sendmail, else "".
  LogFields sign(Session& session, const Effects& effects, HeaderList& headers, std::string_view sendmail_host);

 private:
  void note_outsider(Session& session, const HeaderList& headers);
  KeysFound heard(KeysFound found);
  void leave_unsigned(Session& session, std::string_view why);
  bool make_ready(Session& session, HeaderList& headers, std::string_view sendmail_host);

  const MilterDoor* door_;
  std::unique_ptr<BodyHashes> hashes_;
  BodyLines lines_;  // of the body, where it is hashed
};

// The keys that sign mail by these authors' domains, each once: those of the authors, if `effect` wants them, and
// those of the domains that it names.
KeysFound keys_for(const Sign& effect, const SigningKeys& keys, const std::vector<std::string>& authors);

}  // namespace mailweir
