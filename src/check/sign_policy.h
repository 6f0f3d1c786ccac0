// SPDX-License-Identifier: BSD-2-Clause
// SignPolicy: how messages are signed: canonicalisation, which header fields a signature covers, how long it is good.
//
// A verifier takes as many fields of a name, from the bottom up, as h= names it. Naming it once more than it is there
// (oversigning, RFC 6376 8.15) breaks the signature when one is added: a second Subject, or a Content-Type that
// makes another text of the body. But some fields are added lawfully on the way, and there it would only do harm. Hence
// three lists, made from RFC 6376 5.4.1 (what the text and its threading are made of, Resent-*, List-*):
// - oversigned, there or not: fields that no forwarder has reason to add to a message that lacks them; of these, Date
//   and Message-ID only if there, because the next server adds them (RFC 6409 8.2, 8.3);
// - oversigned if there: Sender, and List-* and Feedback-ID of the author's own (RFC 8058 4 wants List-Unsubscribe and
//   List-Unsubscribe-Post signed). Where they are missing a mailing list, or a provider, may add its own;
// - signed as often as there: Resent-* blocks, which pile up.
// What is in none of them is not signed: X-* and trace fields change on the way.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/dkim_canon.h"

namespace mailweir {

struct SignPolicy {
  Canon header_canon = Canon::relaxed, body_canon = Canon::relaxed;
  std::vector<std::string> oversigned = {"From",       "Reply-To",     "Subject",      "Date",
                                         "To",         "Cc",           "Message-ID",   "In-Reply-To",
                                         "References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};
  std::vector<std::string> oversigned_if_there = {"Sender",
                                                  "Content-ID",
                                                  "Content-Description",
                                                  "Content-Disposition",
                                                  "Content-Language",
                                                  "List-Id",
                                                  "List-Help",
                                                  "List-Unsubscribe",
                                                  "List-Unsubscribe-Post",
                                                  "List-Subscribe",
                                                  "List-Post",
                                                  "List-Owner",
                                                  "List-Archive",
                                                  "Feedback-ID"};
  std::vector<std::string> signed_if_there = {"Resent-Date", "Resent-From", "Resent-Sender",
                                              "Resent-To",   "Resent-Cc",   "Resent-Message-ID"};
  std::optional<std::chrono::seconds> good_for;  // x=: from the signing on; nothing: for ever

  // Only From is oversigned; what else would be is signed as often as it is there. For mail whose fields are added to
  // on the way.
  void oversign_from_only();
  // Those of Subject, To and Date that no signature covers: each hop may put its own there.
  std::vector<std::string> open_fields() const;
  // Whether signatures cover fields of this name, if there are any.
  bool covers(std::string_view name) const;
  // What an admin must change: From not signed (RFC 6376 5.4), a name that is never signed, no field name, a name
  // twice.
  Result<void> check() const;
};

// Fields that are never signed: those that the MTA or a forwarder removes, adds or rewrites (RFC 6376 5.4.1, RFC 8601
// 5).
bool is_never_signed(std::string_view name);

}  // namespace mailweir
