// SPDX-License-Identifier: BSD-2-Clause
// SocketmapDoorSession: what a mail server asks the socketmap door: lookups in, answers out. Knows no bytes and no
// socket. Each lookup is of its own, by the policy of that moment, and needs memory only.
#pragma once

#include <string>
#include <string_view>

#include "rule/way_maps.h"
#include "socketmap_door/door.h"

namespace mailweir {

class SocketmapDoorSession {
 public:
  explicit SocketmapDoorSession(const SocketmapDoor& door) : door_(door) {}

  // "MAP KEY" -> "OK VALUE", "NOTFOUND ", "TEMP REASON" or "PERM REASON" (socketmap_table(5)).
  std::string answer(std::string_view request) const;

 private:
  std::string refuse(std::string_view answer) const;

  const SocketmapDoor& door_;
};

}  // namespace mailweir
