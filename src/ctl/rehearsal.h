// SPDX-License-Identifier: BSD-2-Clause
// Rehearsal: one transaction as an admin describes it, brought to the daemon's own doors as Postfix would bring it:
// events to a MilterDoorSession, requests to a PolicyDoorSession, a login to an HttpDoorSession. What they ask, count,
// log and answer is therefore what they would in the daemon. The policy door gets a request for each stage that is
// handed over to it, in the order of the stages; local mail (sendmail(1)) does not pass it.
//
// The counters and the log are the caller's, who also hears what the rules found: Services::witness.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ctl/recording_editor.h"
#include "ctl/what_if.h"
#include "http_door/door_session.h"
#include "milter_door/door_session.h"
#include "policy_door/door_session.h"

namespace mailweir {

// The doors of a daemon; all with the same services and policy.
struct Doors {
  const MilterDoor& milter;
  const PolicyDoor& policy;
  const HttpDoor& http;
};

class Rehearsal {
 public:
  // What becomes of the message. Held and bounced: local mail is refused at its end only, and mail may be held by a
  // rule.
  enum class Fate { refused, taken, discarded, held, bounced };

  class Audience {
   public:
    virtual ~Audience() = default;
    // What is judged from now on is this stage's; `of`: the recipient as it was given.
    virtual void begins(Stage stage, std::string_view of) = 0;
    // A door's answer to it: "action=DUNNO", "550 5.7.1 no", "continue".
    virtual void answered(Door door, std::string_view answer) = 0;
    virtual void recipients_accepted(std::size_t accepted, std::size_t all) = 0;
    // All but the message itself was judged: it comes now.
    virtual void message_comes() = 0;
  };

  // `what` and `audience` outlive this object.
  Rehearsal(const Doors& doors, const WhatIf& what, Audience& audience);
  ~Rehearsal();

  Fate run();
  // What the milter door did to the message; for a message file only, its header is complete.
  const std::vector<RecordingEditor::Edit>& edits() const { return editor_.edits(); }

 private:
  class Told;
  bool connect();
  bool login();
  bool sender();
  bool recipient(std::size_t number);
  Fate message();
  Fate end_of_message();
  bool ask_policy(Stage stage, std::string_view recipient = {});
  bool hear_milter(const MilterAnswer& answer);
  void give_message();
  std::string argument(const std::string& path) const;
  std::string resolved(const std::string& path, const std::string& given, bool of_recipient) const;

  const Doors doors_;
  const WhatIf& what_;
  Audience& audience_;
  const PolicyPtr policy_;
  MilterTraits traits_;
  std::unique_ptr<MilterDoorSession> milter_;  // null: the policy has no milter door
  PolicyDoorSession policy_door_;
  HttpDoorSession http_;
  RecordingEditor editor_;
  std::vector<std::string> accepted_;  // recipients
};

}  // namespace mailweir
