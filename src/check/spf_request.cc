// SPDX-License-Identifier: BSD-2-Clause
#include "check/spf_request.h"

#include "mail/domain.h"

namespace mailweir::spf {
namespace {

// The local part with its case kept, as Postfix's policy attribute and the milter's <"odd one"@example.com> both give
// it.
std::string local_part(const Address& sender) {
  std::string_view local = sender.original();
  local = local.substr(0, local.rfind('@'));
  return unquoted(local);
}

}  // namespace

SpfRequest helo_request(const IpAddress& client, std::string_view helo) {
  SpfRequest request;
  request.client = client;
  request.helo = helo;
  request.domain = to_domain(helo).value_or(std::string(helo));
  return request;
}

SpfRequest request_for(const IpAddress& client, const Address& sender, std::string_view helo) {
  auto request = helo_request(client, helo);
  if (sender.is_absent() || sender.is_null() || sender.domain().empty()) return request;
  request.domain = sender.domain();
  request.local = local_part(sender);
  return request;
}

}  // namespace mailweir::spf
