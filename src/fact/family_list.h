// SPDX-License-Identifier: BSD-2-Clause
// The families of facts, each in a source of its own. The list, in its order, is in families.cc.
#pragma once

namespace mailweir {

struct FactFamily;

extern const FactFamily client_family, tls_family, from_family, header_family, country_family, dns_checks_family,
    helo_family, envelope_family, login_family, dnsbl_family, spf_family, dkim_family, dmarc_family, virus_family,
    spam_family, own_family, blocked_family, list_unsubscribe_family;

}  // namespace mailweir
