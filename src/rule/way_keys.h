// SPDX-License-Identifier: BSD-2-Clause
// The spellings under which an entry of [routes], [relay] or [tls] may match what a mail server looks up, the most
// specific first. Mail servers send keys as they have them, and do not ask again for a parent domain or without the
// +extension (socketmap_table(5)). Pure functions.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "mail/address.h"

namespace mailweir {

// The entry for all that no other one matches.
inline constexpr std::string_view any_way = "*";

// True: that was the one, no more are wanted. The key is good during the call only.
using WayKeyVisit = std::function<bool(std::string_view key)>;

// Of a mail address: "Info+x@Mail.Example.com" visits info+x@mail.example.com, info@mail.example.com, info+x@, info@,
// mail.example.com, .example.com, .com and "*". "@example.com" and "example.com" begin at the domain, ".example.com" at
// that. Nothing of the null sender, in any of its spellings ("", "<>", "\"<>\""), and of what is too long for an
// address.
void each_address_key(std::string_view address, const MailboxSpelling& spelling, const WayKeyVisit& visit);

// Of a next hop as Postfix writes it: itself, then, without brackets, its domain without the port and the parents of
// that, then "*". "[gw.example.org]:587" has no parents.
void each_next_hop_key(std::string_view hop, const WayKeyVisit& visit);

// The domain of an address, or the whole where there is no "@"; in one spelling.
std::string domain_of_way(std::string_view address);

}  // namespace mailweir
