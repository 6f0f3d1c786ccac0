// SPDX-License-Identifier: BSD-2-Clause
// [reputation]: what mailweirctl reputation looks at.
#include <algorithm>

#include "base/text.h"
#include "config/addresses.h"
#include "config/sections.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_domains = 1000, most_addresses = 256;

Result<std::string> domain(const std::string& text) {
  if (auto name = to_domain(text); name && is_plain_name(*name) && name->find('.') != name->npos) return *name;
  return Error{"\"" + cleaned(text, false, 60) + "\" is not a domain name"};
}

Result<std::string> any_text(const std::string& text) { return text; }

template <typename T>
Form<std::vector<T>> bounded(Form<std::vector<T>> form, std::size_t most) {
  form.read = [read = form.read, most](const KeyPlace& place, std::vector<T>& value) {
    read(place, value);
    if (value.size() > most) place.wrong("are more than " + std::to_string(most));
  };
  return form;
}

void read_state(const KeyPlace& place, std::string& file) {
  const auto text = place.text();
  if (text && text->value.empty()) place.wrong("must be the path of a file, which need not be there");
  else if (text) file = text->value;
}

}  // namespace

SectionRow reputation_section() {
  using Of = ReputationConfig;
  const std::string empty = "is empty; leave it out for the default";
  const Keys<Of> keys = {
      {"domains", &Of::domains, form::if_set(bounded(form::list(domain, empty), most_domains)), reloads},
      {"relay_addresses", &Of::relay_addresses,
       form::printed(form::print_addresses, bounded(form::list(form::ip_address, empty), most_addresses)), reloads},
      {"dnsbl", &Of::dnsbl, form::if_set(form::list(any_text, empty)), reloads},
      {"remind", &Of::remind, form::duration(1h, 24h * 366), reloads},
      {"state", &Of::state, Form<std::string>{read_state}, needs_restart},
  };
  return {"reputation", keys, &Config::reputation,
          SectionTraits<Of>{.check = [](Section&, const Makings&, Of& of) { of.written = true; },
                            .is_shown = [](const Of& of) { return of.written; }}};
}

void check_reputation(const toml::table& table, const Policy& policy, Problems& problems) {
  const auto* node = table.get("dnsbl");
  if (node == nullptr) return;
  const auto check = [&](const toml::node& one) {
    const auto name = one.value<std::string>();
    if (!name || std::ranges::any_of(policy.dnsbl, [&](const Dnsbl& list) { return list.name == *name; })) return;
    problems.error(place_of(one), "reputation.dnsbl",
                   "[dnsbl." + cleaned(*name, false, 60) + "] does not exist in the policy file");
  };
  if (const auto* array = node->as_array()) {
    for (const auto& one : *array) check(one);
  } else {
    check(*node);
  }
}

}  // namespace mailweir
