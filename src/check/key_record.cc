// SPDX-License-Identifier: BSD-2-Clause
#include "check/key_record.h"

namespace mailweir {

std::string key_record(const Signer& signer) {
  return std::string("v=DKIM1; k=") + (signer.kind() == KeyKind::rsa ? "rsa" : "ed25519") +
         "; p=" + signer.public_key();
}

std::string txt_line(std::string_view name, std::string_view text) {
  constexpr std::size_t longest = 255;
  std::string strings;
  while (!text.empty()) {
    const auto part = text.substr(0, longest);
    text.remove_prefix(part.size());
    strings += strings.empty() ? "\"" : " \"";
    for (const char c : part) {
      if (c == '"' || c == '\\') strings += '\\';
      strings += c;
    }
    strings += '"';
  }
  return std::string(name) + ". IN TXT ( " + strings + " )";
}

std::string delegated_name(const DkimKey& key, std::string_view hoster) {
  return key.selector + '.' + key.domain + ".dk." + std::string(hoster);
}

}  // namespace mailweir
