// SPDX-License-Identifier: BSD-2-Clause
// What the macros of CONNECT, HELO and MAIL say of the client, in the two MTAs' different ways.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "mail/client.h"
#include "milter_door/milter_events.h"

namespace mailweir {

// What CONNECT says of the client, in its arguments and its macros.
void read_client(std::string_view host, const std::optional<IpAddress>& address, std::uint16_t port,
                 const Macros& macros, Client& client);

// The MTA's host, {j}, when the MTA is Sendmail, which does some things otherwise; else "".
std::string sendmail_host(const Macros& macros);

// Sendmail's submission program (sendmail(1), submit.cf) hands mail to the daemon by SMTP: a client on this host that
// greets with the host's own name and does not log in. Postfix's is known at CONNECT.
void find_origin(std::string_view sendmail_host, bool logged_in, Client& client);

// The connection's cipher, and the common names of a certificate that was verified. Postfix has them in {cert_subject}
// and sends no other's; Sendmail has the whole name there, "/C=DE/CN=...", and any client's.
void read_tls(const Macros& macros, bool sendmail, Client& client);

}  // namespace mailweir
