// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/client_macros.h"

#include "base/port_number.h"
#include "base/text.h"
#include "mail/tls_version.h"

namespace mailweir {
namespace {

// Sendmail's {client_resolve}.
Resolved resolved(std::string_view word) {
  return word == "OK" ? Resolved::ok : word == "FORGED" ? Resolved::forged : Resolved::unknown;
}

}  // namespace

void read_client(std::string_view host, const std::optional<IpAddress>& address, std::uint16_t port,
                 const Macros& macros, Client& client) {
  client.address = address;
  if (const auto given = IpAddress::parse(macros.text("{client_addr}"))) client.address = given;
  client.port = to_port(macros.text("{client_port}"));
  if (!client.port && port != 0) client.port = port;
  client.name = macros.text("{client_name}");
  if (client.name.empty()) client.name = host;
  if (client.name.starts_with('[')) client.name = "unknown";  // Sendmail: an address in brackets when there is no name
  client.reverse_name = macros.text("{client_ptr}");
  if (client.reverse_name.starts_with('[')) client.reverse_name = "unknown";
  client.resolved = resolved(macros.text("{client_resolve}"));
  client.service = macros.text("{daemon_name}");
  client.server_address = macros.text("{daemon_addr}");
  client.server_port = to_port(macros.text("{daemon_port}"));
  // sendmail(1) at Postfix, sendmail -bs at Sendmail: no connection, so no port, and the client is this host.
  if (host == "localhost" && !client.port && (!client.address || client.address->is_loopback()))
    client.origin = Origin::local;
}

// Postfix gives its name in {v}, "Postfix 3.7.11"; Sendmail its version, "8.17.1.9".
std::string sendmail_host(const Macros& macros) {
  const auto version = macros.text("v");
  if (version.empty() || version[0] < '0' || version[0] > '9') return {};
  return std::string(macros.text("j"));
}

void find_origin(std::string_view sendmail_host, bool logged_in, Client& client) {
  if (sendmail_host.empty() || !client.port || !client.address || !client.address->is_loopback()) return;
  client.origin = !logged_in && equal_folded(client.helo_name, sendmail_host) ? Origin::local : Origin::smtp;
}

void read_tls(const Macros& macros, bool sendmail, Client& client) {
  client.encryption_protocol = macros.text("{tls_version}");
  client.encryption_cipher = macros.text("{cipher}");
  client.encryption_keysize = read_keysize(macros.text("{cipher_bits}"));
  const bool verified = !sendmail || macros.text("{verify}") == "OK";
  client.ccert_subject = verified ? macros.text(sendmail ? "{cn_subject}" : "{cert_subject}") : "";
  client.ccert_issuer = verified ? macros.text(sendmail ? "{cn_issuer}" : "{cert_issuer}") : "";
}

}  // namespace mailweir
