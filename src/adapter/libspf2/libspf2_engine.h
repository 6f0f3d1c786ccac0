// SPDX-License-Identifier: BSD-2-Clause
// libspf2 as an SpfEngine: a second opinion, `[spf] engine = "libspf2"`. It asks through our Lookups, so it has their
// cache, deadline and trace. What it gets wrong of RFC 7208 is not mended, but in this layer:
// - its queries for type 99 (RFC 7208 3.1) get "no data" from us and go nowhere;
// - it counts no void lookups: after the second one all further ones are refused and the word is permerror;
// - under "ptr" a lookup that fails is no match (RFC 7208 5.5), and a name without an address is no void lookup;
// - however many terms it lets pass, no more than `most_libspf2_lookups` lookups are made, then the word is permerror.
// Known to be otherwise: a loopback client passes without a lookup.
#pragma once

#include "port/spf.h"

namespace mailweir {

inline constexpr unsigned most_libspf2_lookups = 121;  // 11 terms with an MX and its 10 exchanges each

SpfEnginePtr make_libspf2_engine();

}  // namespace mailweir
