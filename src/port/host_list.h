// SPDX-License-Identifier: BSD-2-Clause
// HostList: clients by name and address. Immutable and thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/ip.h"

namespace mailweir {

class HostList {
 public:
  virtual ~HostList() = default;
  // `name`: the client's confirmed name, in any case; "" or "unknown": none.
  virtual bool contains(const std::optional<IpAddress>& address, std::string_view name) const = 0;
};
using HostListPtr = std::shared_ptr<const HostList>;

}  // namespace mailweir
