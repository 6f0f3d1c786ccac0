// SPDX-License-Identifier: BSD-2-Clause
// SPF: whether a client may send in the name of a domain (RFC 7208): our own check_host(). A pure function of the DNS
// and its request.
//
// Limits of RFC 7208 4.6.4: 10 terms that ask the DNS (%{p}, when it is the first to ask for the client's names, is
// one), 2 of them without an answer, 10 exchanges of an MX, 10 names of a PTR. What the RFC leaves open: a record whose
// names cannot be asked for (an empty label, one over 63 octets) does not match; more than 10 exchanges are a permerror
// even if one of the first 10 would match, so that the word does not depend on the order of the answer; an exchange
// without an address of the client's family is no void lookup, one that does not exist is.
#pragma once

#include "port/spf.h"

namespace mailweir::spf {

inline constexpr unsigned most_terms = 10, most_voids = 2;
inline constexpr std::size_t most_exchanges = 10;

SpfResult check(Lookups& lookups, const SpfRequest& request);

// The same as an SpfEngine.
SpfEnginePtr make_engine();

}  // namespace mailweir::spf
