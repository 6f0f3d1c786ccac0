// SPDX-License-Identifier: BSD-2-Clause
// Whether an installed mail server does with the routes that rules name what mailweirctl routes prints: asked of its
// own programs.
#pragma once

#include <string>
#include <vector>

#include "ctl/postfix_tables.h"
#include "rule/named_route.h"

namespace mailweir {

struct RouteFinding {
  const NamedRoute* route;
  std::vector<std::string> faults;  // none: the route is confirmed
};

// `generic`: the table of the socketmap door; "": there is none.
std::vector<RouteFinding> verify_at_postfix(const std::vector<NamedRoute>& routes, const PostfixTables& postfix,
                                            const std::string& generic);
// `program`: sendmail, and the words of its command before -bt.
std::vector<RouteFinding> verify_at_sendmail(const std::vector<NamedRoute>& routes,
                                             const std::vector<std::string>& program);

}  // namespace mailweir
