// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/postfix_main.h"

#include <cstdlib>

#include "base/text.h"
#include "config/tls_level.h"
#include "rule/way_maps.h"

namespace mailweir {

std::string main_cf_path() {
  const char* const directory = std::getenv("MAIL_CONFIG");
  return std::string(directory != nullptr && *directory != '\0' ? directory : "/etc/postfix") + "/main.cf";
}

std::optional<std::string> main_cf_value(std::string_view text, std::string_view name) {
  std::optional<std::string> value;
  bool goes_on = false;  // the last setting is the one, and may have further lines
  for (const auto line : split(text, '\n')) {
    const auto words = trimmed(line);
    if (words.empty() || words.starts_with('#')) continue;  // also between the lines of a setting
    if (line.starts_with(' ') || line.starts_with('\t')) {
      if (goes_on) *value += (value->empty() ? "" : " ") + std::string(words);
      continue;
    }
    const auto equals = words.find('=');
    goes_on = equals != words.npos && trimmed(words.substr(0, equals)) == name;
    if (goes_on) value = trimmed(words.substr(equals + 1));
  }
  return value;
}

std::vector<std::string> tls_behind_relayhost(const WayMaps& maps, std::string_view relayhost) {
  std::vector<std::string> warnings;
  if (relayhost.empty()) return warnings;
  for (const auto& [key, value] : maps.ways().tls) {
    if (!forces_tls(value) || key == any_way || key.find_first_of("[:") != key.npos) continue;
    if (!maps.find(WayMap::relay_recipient, key.starts_with('.') ? key : '@' + key).empty()) continue;
    const std::string domain = key.starts_with('.') ? key.substr(1) : key;
    warnings.push_back(
        "tls.\"" + key + "\": has no effect: relayhost = " + cleaned(relayhost, false, 100) +
        " in main.cf takes the mail, and Postfix looks TLS up by the next hop; to deliver to this domain "
        "directly, add: [relay.\"" +
        domain + "\"] recipients = [\"" + key + "\"], host = \"direct\"");
  }
  return warnings;
}

}  // namespace mailweir
