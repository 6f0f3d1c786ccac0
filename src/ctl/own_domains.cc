// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/own_domains.h"

#include <set>

#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

// Those of which a key without an "@" is a domain.
constexpr const char* settings[] = {"mydestination", "virtual_alias_domains", "virtual_mailbox_domains",
                                    "relay_domains", "transport_maps"};

bool is_table(std::string_view item) { return item.find(':') != item.npos || item.starts_with('/'); }
bool is_ours(std::string_view table) {
  return table.find("route\\.invalid") != table.npos || table.ends_with(":relay_recipient");
}

}  // namespace

std::string never_lines(const PostfixTables& postfix) {
  std::set<std::string> domains, others;
  bool any = false;
  const auto add = [&](std::string_view key) {
    const bool below = key.starts_with('.');
    if (key.find('@') != key.npos) return;
    if (auto domain = to_domain(key.substr(below ? 1 : 0)); domain && domain->find('.') != domain->npos)
      domains.insert((below ? "." : "") + *domain);
  };
  for (const char* name : settings) {
    const auto value = postfix.setting(name);
    any = any || !value.empty();
    for (const auto& item : tables_in(value)) {
      if (!is_table(item)) {
        add(item);
      } else if (!is_ours(item)) {
        const auto keys = postfix.keys(item);
        for (const auto& key : keys) add(key);
        if (keys.empty()) others.insert(item);
      }
    }
  }
  if (!any) return {};
  std::string list;
  for (const auto& domain : domains) list += (list.empty() ? "\"" : ", \"") + domain + '"';
  std::string lines =
      "\n# the policy file: this server's own domains, and those with a transport of their own\n"
      "# [routes]\n# never = [" +
      list + "]\n";
  for (const auto& table : others)
    lines += "# and the domains in " + cleaned(table, false, 200) + ", which cannot be listed\n";
  return lines;
}

}  // namespace mailweir
