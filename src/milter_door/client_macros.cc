// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/client_macros.h"

namespace mailweir {

Resolved resolved(std::string_view word) {
  return word == "OK" ? Resolved::ok : word == "FORGED" ? Resolved::forged : Resolved::unknown;
}

void read_tls(const Macros& macros, bool sendmail, Client& client) {
  client.encryption_protocol = macros.text("{tls_version}");
  client.encryption_cipher = macros.text("{cipher}");
  const bool verified = !sendmail || macros.text("{verify}") == "OK";
  client.ccert_subject = verified ? macros.text(sendmail ? "{cn_subject}" : "{cert_subject}") : "";
  client.ccert_issuer = verified ? macros.text(sendmail ? "{cn_issuer}" : "{cert_issuer}") : "";
}

}  // namespace mailweir
