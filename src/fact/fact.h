// SPDX-License-Identifier: BSD-2-Clause
// The facts that rules may ask, their types, and where each is known: the one table that the engine, the checker and
// the manual share. Names are Postfix's (SMTPD_POLICY_README) where Postfix has one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mail/stage.h"

namespace mailweir {

enum class FactId : std::uint8_t {
  client_address,
  client_name,
  reverse_client_name,
  client_port,
  helo_name,
  sender,
  recipient,
  recipient_count,
  sasl_username,
  sasl_method,
  encryption_protocol,
  encryption_cipher,
  ccert_subject,
  ccert_issuer,
  ccert_fingerprint,
  size,
  queue_id,
  server_address,
  server_port,
  sender_domain,
  recipient_domain,
  sasl_domain,
  authenticated,
  tls,
  door,
  origin,
  direction,
  service,
  from,
  from_domain,
  from_count,
  from_domain_aligned,
  header,
  hops,
  client_country,
  iprev,
  sender_domain_dns,
  helo_dns,
  helo_fqdn,
  sender_fqdn,
  sender_login_mismatch,
  from_login_mismatch,
  dnsbl,
  dnsbl_score,
  client_name_dnsbl,
  client_name_dnsbl_score,
  helo_dnsbl,
  helo_dnsbl_score,
  sender_dnsbl,
  sender_dnsbl_score,
  from_dnsbl,
  from_dnsbl_score,
  helo_is_address,
  helo_is_ours,
  helo_address_mismatch,
  spf,
  spf_helo,
  spf_explanation,
  egress_spf,
  dkim,
  dkim_domain,
  dmarc,
  dmarc_policy,
  blocked,
  own,  // one of the policy file's [facts]
};
inline constexpr std::size_t fact_count = static_cast<std::size_t>(FactId::own) + 1;

enum class FactType : std::uint8_t {
  text,   // compared folded
  login,  // a SASL login: text that may have a domain
  word,   // one of `words`
  number,
  boolean,
  ip,
  domain,   // a host or domain name
  address,  // a mail address
  dnsbl,    // names of block lists: the [dnsbl.NAME] of the policy file
  blocked,  // names of rules and limits that block keys
};

struct FactInfo {
  FactId id;
  std::string_view name;
  FactType type;
  std::optional<Stage> milter, policy;  // known from this stage on at that door; nothing: that door never has it
  bool check;                           // is looked up when a rule asks; `skip` may name it
  std::string_view words;               // of a word, blanks between
  std::string_view meaning;             // for the manual and explain
};

std::span<const FactInfo> all_facts();
const FactInfo& info(FactId id);
const FactInfo* find_fact(std::string_view name);  // "header.X" finds the row of "header"; null: no such fact

// The stage from which a fact is known at a door.
std::optional<Stage> known_from(const FactInfo& fact, Door door);

}  // namespace mailweir
