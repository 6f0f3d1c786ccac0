// SPDX-License-Identifier: BSD-2-Clause
// ConfirmedRoutes: the file in the state directory in which `mailweirctl routes verify` writes down the routes that the
// mail server has been seen to know, as they were then. Until a route stands there as it is now, mail that a rule sends
// there is held. The file has a line a route, and is read each time, which is at mail that takes a route only.
// Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "rule/named_route.h"

namespace mailweir {

enum class MailServer { postfix, sendmail };
std::string_view to_string(MailServer server);

class ConfirmedRoutes {
 public:
  explicit ConfirmedRoutes(std::string path) : path_(std::move(path)) {}

  bool has(MailServer server, const NamedRoute& route) const;
  // Of one mail server; what was known of others stays.
  Result<void> write(MailServer server, const std::vector<NamedRoute>& confirmed) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace mailweir
