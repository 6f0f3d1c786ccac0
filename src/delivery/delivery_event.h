// SPDX-License-Identifier: BSD-2-Clause
// DeliveryEvent: what one line of the mail server's log says of a message in its queue. Strings are as the log has
// them: a stranger chose most of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mailweir {

struct DeliveryEvent {
  enum class What : std::uint8_t {
    attempt,     // at a delivery: recipients, relay, code, status, text
    accepted,    // by smtpd: client_address, and first_queue_id if the client has told it (XFORWARD IDENT)
    message_id,  // by cleanup
    removed,     // from the queue: nothing more comes of it
  };
  enum class Status : std::uint8_t { sent, bounced, deferred, expired };

  What what = What::attempt;
  std::string queue_id{};
  std::vector<std::string> recipients{};  // without <>; Postfix has one, Sendmail several
  std::string first_recipient{};          // orig_to=: what an alias made the recipient of; empty: nothing
  bool remote = false;                    // by an SMTP or LMTP client
  std::string relay{};                    // "mx.example.net[192.0.2.7]:25", "none"
  std::string code{};                     // "5.1.1"
  Status status = Status::deferred;
  std::string text{};  // what the other server said, or why there was none
  std::string client_address{}, first_queue_id{}, message_id{};
};

}  // namespace mailweir
