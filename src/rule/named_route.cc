// SPDX-License-Identifier: BSD-2-Clause
#include "rule/named_route.h"

namespace mailweir {

std::string NamedRoute::printed() const {
  std::string text = name + (kind == RouteKind::filter ? " filter" : " rewrite");
  for (const auto& transport : postfix) text += " postfix=" + transport;
  if (!sendmail.empty()) text += " sendmail=" + sendmail;
  for (const auto& address : addresses) text += " address=" + address.to_string();
  return text + (tls ? " tls" : "");
}

}  // namespace mailweir
