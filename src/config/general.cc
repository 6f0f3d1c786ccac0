// SPDX-License-Identifier: BSD-2-Clause
// [general].
#include "base/text.h"
#include "config/sections.h"
#include "config/why_no_network.h"
#include "mail/domain.h"
#include "mail/headers.h"
#include "port/log_setting.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

Result<std::string> log_setting(const std::string& text) {
  if (const auto known = check_log_setting(text); !known) return known.error();
  return text;
}

Result<std::string> delimiters(const std::string& text) {
  // The atext of RFC 5322 3.2.3 without letters and digits, and ".".
  const auto other = text.find_first_not_of("!#$%&'*+-./=?^_`{|}~");
  if (other == std::string::npos) return text;
  return Error{"\"" + cleaned(std::string_view(text).substr(other), true, 20) +
               "\" is not possible: use characters like \"+\" or \"+-\", or \"\" for none"};
}

// Ours, as others see it; "": the machine's.
Result<std::string> hostname(const std::string& text) {
  if (text.empty()) return text;
  if (is_fully_qualified(text) && !text.starts_with('[')) return *to_domain(text);
  return Error{"must be a full host name, like \"mx.example.net\""};
}

void read_pid_file(const KeyPlace& place, std::string& path) {
  if (const auto file = place.text(); file && !file->value.empty()) form::path().read(place, path);
}

void read_state_directory(const KeyPlace& place, std::string& path) {
  const auto directory = place.text();
  if (directory && directory->value.empty()) place.wrong("is empty; leave it out for the default");
  else if (directory) form::path().read(place, path);
}

// Understood with the policy, where the lists are: it may name one.
void read_networks(const KeyPlace& place, std::vector<std::string>& networks) {
  const auto texts = place.texts();
  if (!texts) return;
  for (const auto& [text, element] : *texts) {
    if ((texts->size() == 1 && text.starts_with("list:")) || Network::parse(text)) networks.push_back(text);
    else place.wrong(element, why_no_network(text, "an address or a network"));
  }
}

void read_providers(const KeyPlace& place, std::string& map) {
  const auto text = place.text();
  if (!text || text->value.empty()) return;
  if (text->value.starts_with("map:")) map = text->value;
  else place.wrong("must be \"map:NAME\": names of mail hosts and their providers");
}

// A name that no mail program uses: it is removed from all mail.
Result<std::string> private_header(const std::string& text) {
  if (text.empty() || (is_header_name(text) && folded(text.substr(0, 2)) == "x-")) return text;
  return Error{"must be the name of a header field of your own, like \"X-Local-User\""};
}

// "list:NAME", or the entries themselves. Null: the key is missing, or wrong; the latter is told.
TablePtr table_of(const std::vector<std::string>& names, const toml::table& general, std::string_view key,
                  Registry& registry, Problems& problems, std::string_view why_not_in_redis = {}) {
  const auto* node = general.get(key);
  if (node == nullptr) return nullptr;
  const std::string full = "general." + std::string(key);
  if (names.size() == 1 && names[0].starts_with("list:")) {
    const Place place = place_of(node->is_array() ? *node->as_array()->get(0) : *node);
    if (!why_not_in_redis.empty() && registry.is_in_redis(names[0])) problems.error(place, full, why_not_in_redis);
    return registry.table(names[0], place, full);
  }
  std::vector<std::pair<std::string, std::string>> entries;
  for (const auto& name : names) entries.emplace_back(name, "");
  auto made = registry.builders().make_table(entries, TableKind::list);
  for (const auto& error : made.errors) problems.error(place_of(*node), full, error);
  return made.object;
}

}  // namespace

SectionRow general_section() {
  const Keys<GeneralConfig> keys = {
      {"user", &GeneralConfig::user, form::text(), needs_restart},
      {"group", &GeneralConfig::group, form::text(), needs_restart},
      {"pid_file", &GeneralConfig::pid_file, {read_pid_file}, needs_restart},
      {"log", &GeneralConfig::log, form::parsed(log_setting), needs_restart},
      {"hostname", &GeneralConfig::hostname, form::parsed(hostname), reloads},
      {"state_directory", &GeneralConfig::state_directory, {read_state_directory}, needs_restart},
      {"drain", &GeneralConfig::drain, form::duration(0s, 10min), needs_restart},
      {"memory", &GeneralConfig::memory, form::or_auto(form::size(16 << 20, std::uint64_t{1} << 40)), needs_restart},
      {"mynetworks", &GeneralConfig::mynetworks, {read_networks}, reloads},
      {"our_names", &GeneralConfig::our_names, form::texts(), reloads},
      {"our_domains", &GeneralConfig::our_domains, form::texts(), reloads},
      {"recipient_providers", &GeneralConfig::recipient_providers, {read_providers}, reloads},
      {"local_user_header", &GeneralConfig::local_user_header, form::parsed(private_header), reloads},
      {"recipient_delimiter", within(&GeneralConfig::spelling, &MailboxSpelling::delimiters), form::parsed(delimiters),
       reloads},
      {"batv", within(&GeneralConfig::spelling, &MailboxSpelling::batv), form::boolean(), reloads},
  };
  return {"general", keys, &Config::general};
}

void make_our_names(const toml::table& table, const GeneralConfig& general, Registry& registry, Policy& policy,
                    Problems& problems) {
  policy.our_names = table_of(general.our_names, table, "our_names", registry, problems);
}

void make_our_domains(const toml::table& table, const GeneralConfig& general, Registry& registry, Policy& policy,
                      Problems& problems) {
  policy.our_domains = table_of(general.our_domains, table, "our_domains", registry, problems);
  const auto* map = table.get("recipient_providers");
  if (map != nullptr && !general.recipient_providers.empty())
    policy.providers = registry.table(general.recipient_providers, place_of(*map), "general.recipient_providers");
}

void make_mynetworks(const toml::table& table, const GeneralConfig& general, Registry& registry, Policy& policy,
                     Problems& problems) {
  policy.mynetworks =
      table_of(general.mynetworks, table, "mynetworks", registry, problems,
               "cannot be a list in Redis, because outgoing mail must be recognized while Redis is down");
  if (!policy.mynetworks) return;
  const Place place = place_of(*table.get("mynetworks"));
  if (const auto other = registry.add_list("mynetworks", policy.mynetworks, place))
    problems.error(place, "general.mynetworks",
                   "a list mynetworks exists at " + other->to_string() +
                       ", too; write mynetworks = \"list:mynetworks\" here, or remove one of them");
}

}  // namespace mailweir
