// SPDX-License-Identifier: BSD-2-Clause
#include "mail/sendmail_host.h"

#include "base/text.h"

namespace mailweir {

bool is_sendmail_itself(std::string_view domain, std::string_view host) {
  if (domain == "[127.0.0.1]" || equal_folded(domain, "localhost")) return true;
  const auto dot = host.find('.');
  return dot != host.npos && starts_folded(domain, "localhost.") && equal_folded(domain.substr(9), host.substr(dot));
}

std::string with_sendmail_host(std::string mailbox, std::string_view host) {
  std::size_t at = mailbox.npos;
  bool quoted = false;
  for (std::size_t i = 0; i < mailbox.size(); ++i) {
    if (mailbox[i] == '\\') ++i;
    else if (mailbox[i] == '"') quoted = !quoted;
    else if (mailbox[i] == '@' && !quoted) at = i;
  }
  if (at == mailbox.npos) mailbox.append("@").append(host);
  else if (is_sendmail_itself(std::string_view(mailbox).substr(at + 1), host))
    mailbox.replace(at + 1, mailbox.npos, host);
  return mailbox;
}

}  // namespace mailweir
