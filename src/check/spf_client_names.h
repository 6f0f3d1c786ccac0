// SPDX-License-Identifier: BSD-2-Clause
// ClientNames: the validated names of an SMTP client (RFC 7208 5.5), for the mechanism ptr and the macro %{p}; looked
// up when first asked for. Trouble in the DNS makes a name none (RFC 7208 5.5, 7.3): the sender has no hand in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "port/lookups.h"

namespace mailweir::spf {

inline constexpr std::size_t most_pointers = 10;  // names of a client that are looked at (RFC 7208 4.6.4)

class ClientNames {
 public:
  ClientNames(Lookups& lookups, const IpAddress& client) : lookups_(lookups), client_(client) {}

  void want();  // starts the lookup of the names
  bool asked() const { return asked_; }
  bool none();                          // the reverse lookup has no answer at all: a void one
  bool below(std::string_view domain);  // one of them is this name or below it
  // %{p}: the domain itself, else a name below it, else any; "unknown" if there is none.
  std::string best_for(std::string_view domain);

 private:
  const std::vector<std::string>& validated();

  Lookups& lookups_;
  const IpAddress& client_;
  bool asked_ = false, none_ = false;
  std::vector<std::string> names_;
};

}  // namespace mailweir::spf
