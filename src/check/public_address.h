// SPDX-License-Identifier: BSD-2-Clause
// Whether the rest of the Internet can reach an address, by the registries of special-purpose addresses (RFC 6890) and
// of IPv6 unicast. Pure.
#pragma once

#include "base/ip.h"

namespace mailweir {

// Not: private, loopback, link-local, shared by carriers (100.64.0.0/10), benchmarks, multicast, reserved; of IPv6 all
// outside 2000::/3. The networks for documentation (RFC 5737, 3849) count as public: they are in examples only, and
// stand for public addresses there.
bool is_public(const IpAddress& address);

}  // namespace mailweir
