// SPDX-License-Identifier: BSD-2-Clause
// Whether a host has an address: A and AAAA seen as one question. For the checks of this room.
#pragma once

#include <string>
#include <string_view>

#include "port/lookups.h"

namespace mailweir {

struct HostAddresses {
  // not_public: it has addresses, none of which is reached from outside.
  enum class Status { found, not_public, none, no_such_name, trouble } status = Status::trouble;
  // "mx.example.com has 192.0.2.1", "... has only 10.0.0.1, which is not public", "... does not exist", "... has no
  // address", "...: SERVFAIL"
  std::string reason;
};

// Starts both lookups, so that several hosts are asked at once.
void want_addresses(Lookups& lookups, const std::string& host);
// A public address of either kind counts, whatever became of the other question.
HostAddresses find_addresses(Lookups& lookups, const std::string& host);
// The same of a host that want_addresses() was called for.
HostAddresses wanted_addresses(Lookups& lookups, const std::string& host);

// A name from the network as a reason may show it.
std::string shown_name(std::string_view name);

}  // namespace mailweir
