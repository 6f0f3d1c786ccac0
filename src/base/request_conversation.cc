// SPDX-License-Identifier: BSD-2-Clause
#include "base/request_conversation.h"

#include <string>

namespace mailweir {

bool RequestConversation::received(std::string_view bytes, Output& out) {
  const auto now = clock_.steady();
  if (!inside()) begun_ = now;
  whole_ = false;
  if (!take(bytes, out)) return false;
  if (whole_) begun_ = now;  // what is left of these bytes begins another
  if (!inside() || now - begun_ < partial_) return true;
  log_bad("the request came in too slowly");
  return false;
}

void RequestConversation::closed(std::string_view why) {
  if (inside()) log_bad("the connection ended in the middle of a request: " + std::string(why));
}

bool RequestConversation::silent(Output&) {
  if (!inside()) return silent_between();
  log_bad("the request stopped in the middle");
  return false;
}

}  // namespace mailweir
