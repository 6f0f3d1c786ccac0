// SPDX-License-Identifier: BSD-2-Clause
// What the macros of CONNECT, HELO and MAIL say of the client, in the two MTAs' different ways.
#pragma once

#include <string_view>

#include "mail/client.h"
#include "milter_door/milter_events.h"

namespace mailweir {

// Sendmail's {client_resolve}.
Resolved resolved(std::string_view word);

// The connection's cipher, and the common names of a certificate that was verified. Postfix has them in {cert_subject}
// and sends no other's; Sendmail has the whole name there, "/C=DE/CN=...", and any client's.
void read_tls(const Macros& macros, bool sendmail, Client& client);

}  // namespace mailweir
