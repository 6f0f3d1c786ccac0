// SPDX-License-Identifier: BSD-2-Clause
// [authentication_results].
#include <algorithm>
#include <array>

#include "base/text.h"
#include "check/authentication_results.h"
#include "config/sections.h"

namespace mailweir {
namespace {

// Those that RFC 8601 has a name for.
constexpr std::array<std::string_view, 4> methods{"iprev", "spf", "dkim", "dmarc"};

Result<std::string> authserv_id(const std::string& text) {
  if (is_authserv_id(text)) return folded(text);
  return Error{"must be one word: the name under which this site's results are known, as \"mx.example.org\""};
}

void read_checks(const KeyPlace& place, std::vector<FactRef>& checks) {
  checks.clear();
  const auto texts = place.texts();
  if (!texts) {
    for (const auto method : methods) checks.push_back(ref_of(method));
    return;
  }
  for (const auto& check : *texts) {
    if (std::find(methods.begin(), methods.end(), check.value) == methods.end())
      place.wrong(check.place, "\"" + cleaned(check.value, false, 40) + "\" is not one of: iprev spf dkim dmarc");
    else if (std::ranges::any_of(checks, [&](const FactRef& other) { return other.name == check.value; }))
      place.wrong(check.place, check.value + " is given twice");
    else checks.push_back(ref_of(check.value));
  }
}

std::string print_checks(const std::vector<FactRef>& checks) {
  std::vector<std::string> names;
  for (const FactRef& check : checks) names.push_back(check.name);
  return as_toml(names);
}

}  // namespace

SectionRow authentication_results_section() {
  using Results = AuthenticationResultsPolicy;
  const Keys<Results> keys = {
      {"authserv_id", &Results::authserv_id,
       form::required("the name under which this site's results are known, as \"mx.example.org\"",
                      form::parsed(authserv_id)),
       reloads},
      {"checks", &Results::checks, {read_checks, print_checks}, reloads},
      {"outgoing", &Results::outgoing, form::boolean(), reloads},
  };
  return {"authentication_results", keys, &Policy::authentication_results,
          SectionTraits<Results>{.is_shown = [](const Results& results) { return !results.authserv_id.empty(); }}};
}

}  // namespace mailweir
