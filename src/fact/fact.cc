// SPDX-License-Identifier: BSD-2-Clause
#include "fact/fact.h"

#include <array>

namespace mailweir {
namespace {

using enum FactType;
constexpr auto C = Stage::connect;
constexpr auto H = Stage::helo;
constexpr auto M = Stage::mail;
constexpr auto R = Stage::rcpt;
constexpr auto D = Stage::data;
constexpr auto E = Stage::end_of_message;
constexpr std::optional<Stage> never;

constexpr std::string_view iprev_words = "pass fail temperror permerror";
constexpr std::string_view spf_words = "pass fail softfail neutral none temperror permerror";
constexpr std::string_view dkim_words = "pass fail neutral none policy temperror permerror";
constexpr std::string_view dmarc_words = "pass fail none temperror permerror";
constexpr std::string_view dns_words = "exists nxdomain no-mail-host null-mx temperror";

// In the order of FactId.
constexpr std::array<FactInfo, fact_count> facts{{
    {FactId::client_address, "client_address", ip, C, C, false, "", "the client's IP address"},
    {FactId::client_name, "client_name", domain, C, C, false, "",
     "the client's name, confirmed by the mail server with a forward lookup; otherwise unknown"},
    {FactId::reverse_client_name, "reverse_client_name", domain, C, C, false, "",
     "the client's name by reverse lookup only; otherwise unknown"},
    {FactId::client_port, "client_port", number, C, C, false, "", "the client's TCP port"},
    {FactId::helo_name, "helo_name", domain, H, H, false, "", "the name in HELO or EHLO"},
    {FactId::sender, "sender", address, M, M, false, "", "the envelope sender; <> is the null sender"},
    {FactId::recipient, "recipient", address, R, R, false, "",
     "the recipient that is being judged; at data and later only if it is the only one"},
    {FactId::recipient_count, "recipient_count", number, D, D, false, "",
     "the number of recipients that were accepted"},
    {FactId::sasl_username, "sasl_username", login, M, M, false, "", "the login of the client"},
    {FactId::sasl_method, "sasl_method", text, M, M, false, "", "the authentication method: PLAIN, LOGIN, ..."},
    {FactId::encryption_protocol, "encryption_protocol", text, H, H, false, "", "the TLS protocol in use"},
    {FactId::encryption_cipher, "encryption_cipher", text, H, H, false, "", "the TLS cipher in use"},
    {FactId::ccert_subject, "ccert_subject", text, H, H, false, "", "the common name in the client's certificate"},
    {FactId::ccert_issuer, "ccert_issuer", text, H, H, false, "", "the issuer of the client's certificate"},
    {FactId::ccert_fingerprint, "ccert_fingerprint", text, never, H, false, "",
     "the fingerprint of the client's certificate"},
    {FactId::size, "size", number, M, M, false, "",
     "the size in bytes: what MAIL FROM declared; at end-of-message the true size"},
    {FactId::queue_id, "queue_id", text, D, D, false, "", "the mail server's queue id"},
    {FactId::server_address, "server_address", ip, C, C, false, "", "the address that the client connected to"},
    {FactId::server_port, "server_port", number, C, C, false, "", "the port that the client connected to"},
    {FactId::sender_domain, "sender_domain", domain, M, M, false, "", "the domain of sender"},
    {FactId::recipient_domain, "recipient_domain", domain, R, R, false, "", "the domain of recipient"},
    {FactId::sasl_domain, "sasl_domain", domain, M, M, false, "", "the domain of sasl_username, if it has one"},
    {FactId::authenticated, "authenticated", boolean, M, M, false, "", "whether there is a sasl_username"},
    {FactId::tls, "tls", boolean, H, H, false, "", "whether the session is encrypted"},
    {FactId::door, "door", word, C, C, false, "milter policy http", "the door that asks"},
    {FactId::origin, "origin", word, C, C, false, "smtp local",
     "local: from sendmail(1), cron, or a script of a web site"},
    {FactId::direction, "direction", word, M, M, false, "outgoing incoming",
     "outgoing: authenticated, from [general] mynetworks, or local; otherwise incoming"},
    {FactId::service, "service", text, C, C, false, "",
     "policy_context at the policy door, {daemon_name} at the milter door"},
    {FactId::from, "from", address, E, never, false, "", "the addresses in the From header"},
    {FactId::from_domain, "from_domain", domain, E, never, false, "", "their domains"},
    {FactId::from_count, "from_count", number, E, never, false, "",
     "the number of addresses in the From headers; 0 means none"},
    {FactId::from_domain_aligned, "from_domain_aligned", boolean, E, never, false, "",
     "whether every From domain and sender_domain (for the null sender: helo_name) belong to one organization, by the "
     "public suffix list (RFC 7489 3.1)"},
    {FactId::header, "header", text, E, never, false, "", "header.NAME: the values of that header, unfolded"},
    {FactId::hops, "hops", number, E, never, false, "", "the number of Received headers"},
    {FactId::client_country, "client_country", text, C, C, false, "",
     "the country in which client_address is used, from [geoip] database: its ISO 3166 code, such as DE"},
    {FactId::iprev, "iprev", word, C, C, true, iprev_words,
     "forward-confirmed reverse DNS of client_address (RFC 8601)"},
    {FactId::sender_domain_dns, "sender_domain_dns", word, M, M, true, dns_words,
     "whether sender_domain can receive mail"},
    {FactId::helo_dns, "helo_dns", word, H, H, true, dns_words, "whether helo_name exists in the DNS"},
    {FactId::helo_fqdn, "helo_fqdn", boolean, H, H, true, "",
     "whether helo_name is a fully qualified name or an address literal"},
    {FactId::sender_fqdn, "sender_fqdn", boolean, M, M, true, "", "whether sender_domain is a fully qualified name"},
    {FactId::sender_login_mismatch, "sender_login_mismatch", boolean, M, M, true, "",
     "whether the map does not let this login use this sender; its value is the map's name"},
    {FactId::from_login_mismatch, "from_login_mismatch", boolean, E, never, true, "",
     "the same for the addresses of the From header: whether it has one that the login may not use"},
    {FactId::dnsbl, "dnsbl", dnsbl, C, C, true, "", "the address DNSBLs that list client_address"},
    {FactId::dnsbl_score, "dnsbl_score", number, C, C, true, "", "the sum of their weights"},
    {FactId::client_name_dnsbl, "client_name_dnsbl", dnsbl, C, C, true, "", "the domain DNSBLs that list client_name"},
    {FactId::client_name_dnsbl_score, "client_name_dnsbl_score", number, C, C, true, "", "the sum of their weights"},
    {FactId::helo_dnsbl, "helo_dnsbl", dnsbl, H, H, true, "", "the domain DNSBLs that list helo_name"},
    {FactId::helo_dnsbl_score, "helo_dnsbl_score", number, H, H, true, "", "the sum of their weights"},
    {FactId::sender_dnsbl, "sender_dnsbl", dnsbl, M, M, true, "", "the domain DNSBLs that list sender_domain"},
    {FactId::sender_dnsbl_score, "sender_dnsbl_score", number, M, M, true, "", "the sum of their weights"},
    {FactId::from_dnsbl, "from_dnsbl", dnsbl, E, never, true, "", "the domain DNSBLs that list a from_domain"},
    {FactId::from_dnsbl_score, "from_dnsbl_score", number, E, never, true, "", "the sum of their weights"},
    {FactId::helo_is_address, "helo_is_address", boolean, H, H, true, "",
     "whether helo_name is an IP address, in brackets or not"},
    {FactId::helo_is_ours, "helo_is_ours", boolean, H, H, true, "",
     "whether helo_name is one of [general] our_names, or the address that the client connected to"},
    {FactId::helo_address_mismatch, "helo_address_mismatch", boolean, H, H, true, "",
     "whether helo_name is an IP address other than client_address"},
    {FactId::spf, "spf", word, M, M, true, spf_words,
     "SPF of the sender's domain for client_address; for the null sender, SPF of helo_name"},
    {FactId::spf_helo, "spf_helo", word, H, H, true, spf_words, "SPF of helo_name for client_address"},
    {FactId::spf_explanation, "spf_explanation", text, M, M, true, "",
     "the explanation that the sender's domain publishes for an spf fail, made safe; otherwise a text of Mailweir's"},
    {FactId::egress_spf, "egress_spf", word, M, M, true, spf_words,
     "SPF of the sender's domain for [egress] addresses; the worst result counts"},
    {FactId::dkim, "dkim", word, E, never, true, dkim_words,
     "the best result among the message's DKIM signatures (RFC 6376, RFC 8601)"},
    {FactId::dkim_domain, "dkim_domain", domain, E, never, true, "", "the domains whose DKIM signature passed"},
    {FactId::dmarc, "dmarc", word, E, never, true, dmarc_words,
     "whether DKIM or SPF authenticates the domain in From (RFC 7489)"},
    {FactId::dmarc_policy, "dmarc_policy", word, E, never, true, "none quarantine reject",
     "what the owner of that domain requests for this message: none if dmarc is pass"},
    {FactId::blocked, "blocked", blocked, C, C, true, "", "the limits and rules that have blocked a key of this mail"},
    {FactId::own, "own", text, C, C, false, "", "a fact of the policy file's [facts]"},
}};

// What the server that checks passwords tells about a try to log in.
std::optional<Stage> at_http(FactId id) {
  switch (id) {
    case FactId::client_address:
    case FactId::client_country:
    case FactId::sasl_username:
    case FactId::sasl_domain:
    case FactId::service:
    case FactId::door:
    case FactId::blocked:
    case FactId::own: return Stage::auth;
    default: return {};
  }
}

}  // namespace

std::span<const FactInfo> all_facts() { return facts; }

const FactInfo& info(FactId id) { return facts[static_cast<std::size_t>(id)]; }

const FactInfo* find_fact(std::string_view name) {
  if (name.starts_with("header.")) return name.size() > 7 ? &info(FactId::header) : nullptr;
  for (const auto& fact : facts)
    if (fact.name == name && fact.id != FactId::own && fact.id != FactId::header) return &fact;
  return nullptr;
}

std::optional<Stage> known_from(const FactInfo& fact, Door door) {
  if (door == Door::http) return at_http(fact.id);
  return door == Door::milter ? fact.milter : fact.policy;
}

}  // namespace mailweir
