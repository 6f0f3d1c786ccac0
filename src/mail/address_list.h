// SPDX-License-Identifier: BSD-2-Clause
// The addresses in a From, Sender, To, ... header field (RFC 5322 3.4, with the obsolete forms of 4.4 and RFC 6532).
//
// Made for what people and scripts really send: never fails, linear in the text. Where a text is not well formed it
// finds an address too many rather than one too few, so that a rule on the From header cannot be slipped past.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "mail/address.h"

namespace mailweir {

// In order, without repetition. Groups give their members. Nothing comes from display names (what stands before "<", an
// "@" in it or not), comments, "<>". A lone word ("root") is an address without a domain, but only if there is
// no other address in the text. "victim!ceo" is ceo@victim, and also() the same word without a domain. `value` may be
// folded.
//
// `sendmail`: the name ($j) of the Sendmail that will write the field anew after its filters, "" if the MTA is another.
// Then also() is what it makes of an address: "Pat ceo" leaves as Pat.ceo@$j, "ceo@victim example" as
// ceo@victim.example, "ceo@localhost" as ceo@$j. Words without a domain count beside other addresses.
std::vector<Address> parse_address_list(std::string_view value, const MailboxSpelling& spelling = {},
                                        std::string_view sendmail = {});

// Whether a reader may show an address there, though parse_address_list finds none with a domain: it stands in a
// comment, in an encoded word, or is not whole.
bool shows_address(std::string_view value);

// Not less than parse_address_list finds in it; a count of signs, without reading the text.
std::size_t at_most_addresses(std::string_view value);

}  // namespace mailweir
