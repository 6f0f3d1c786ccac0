// SPDX-License-Identifier: BSD-2-Clause
// Client: who is at the other end of an SMTP session, as the MTA told us. One per session; owned by one thread at a
// time. Names are Postfix's (SMTPD_POLICY_README). An empty string means that it is not known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ip.h"

namespace mailweir {

// What the MTA itself found of the client's reverse name ({client_resolve}, or client_name and reverse_client_name).
// Where it found none it is unknown: an MTA that does no lookups says the same as one that found nothing.
enum class Resolved { unknown, ok, forged };
enum class Origin { smtp, local };  // local: sendmail(1), cron, a web site's script

struct Client {
  std::optional<IpAddress> address;   // client_address
  std::string name;                   // client_name: forward-confirmed, else "unknown"
  std::string reverse_name;           // reverse_client_name: unconfirmed, else "unknown"
  std::optional<std::uint16_t> port;  // client_port
  Resolved resolved = Resolved::unknown;
  std::string helo_name;
  std::string server_address;
  std::optional<std::uint16_t> server_port;
  std::string bare_names_host;  // that the MTA appends to addresses without a domain in From: Sendmail's $j
  std::string service;          // policy_context, or {daemon_name} at the milter
  Origin origin = Origin::smtp;
  std::string encryption_protocol, encryption_cipher;
  std::optional<std::uint16_t> encryption_keysize;  // bits of the cipher's key
  std::string ccert_subject, ccert_issuer, ccert_fingerprint;
};

}  // namespace mailweir
