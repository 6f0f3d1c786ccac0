// SPDX-License-Identifier: BSD-2-Clause
// A HostList as opendkim 2.11 reads one for InternalHosts and ExternalIgnoreList (PeerList in opendkim.conf(5)): names,
// domains (".example.com": the names below it), addresses, in brackets too, and networks. What says more of the client
// is asked first, names before addresses; "!" before an entry means not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "port/host_list.h"

namespace mailweir {

struct LoadedHosts {
  HostListPtr hosts;
  std::vector<std::string> warnings;  // "PATH:LINE: why", entries that never match
};

// Of a data set (data_set.h): file:PATH, a path, csl:LIST, a list. It is read once. An error if it cannot be, or is of
// another kind.
Result<LoadedHosts> read_opendkim_hosts(std::string_view setting, std::string_view value);

}  // namespace mailweir
