// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <array>

#include "base/text.h"
#include "check/authentication_results.h"
#include "config/sections.h"

namespace mailweir {
namespace {

// Those that RFC 8601 has a name for.
constexpr std::array<std::string_view, 4> methods{"iprev", "spf", "dkim", "dmarc"};

}  // namespace

void read_authentication_results(Section section, AuthenticationResultsPolicy& results) {
  for (const auto method : methods) results.checks.push_back(ref_of(method));
  if (const auto id = section.text("authserv_id")) {
    if (is_authserv_id(id->value)) results.authserv_id = folded(id->value);
    else
      section.wrong("authserv_id",
                    "must be one word: the name under which this site's results are known, as \"mx.example.org\"");
  } else if (section.raw().get("authserv_id") == nullptr) {
    section.wrong("authserv_id",
                  "is missing: the name under which this site's results are known, as \"mx.example.org\"");
  }
  if (const auto checks = section.texts("checks")) {
    results.checks.clear();
    for (const auto& check : *checks) {
      if (std::find(methods.begin(), methods.end(), check.value) == methods.end()) {
        section.problems().error(check.place, section.full("checks"),
                                 "\"" + cleaned(check.value, false, 40) + "\" is not one of: iprev spf dkim dmarc");
      } else if (results.has(check.value)) {
        section.problems().error(check.place, section.full("checks"), check.value + " is given twice");
      } else {
        results.checks.push_back(ref_of(check.value));
      }
    }
  }
  if (const auto outgoing = section.boolean("outgoing")) results.outgoing = *outgoing;
  section.finish();
}

}  // namespace mailweir
