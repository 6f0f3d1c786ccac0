// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/postfix_main.h"

#include "../fixture/engine_fixture.h"
#include "rule/way_maps.h"

namespace mailweir::test {
namespace {

TEST_CASE("main.cf: the value of a setting") {
  struct Row {
    const char *text, *want;  // null: it is not there
  };
  const Row rows[] = {
      {"", nullptr},
      {"relayhost = [gw.example.org]:587\n", "[gw.example.org]:587"},
      {"relayhost=[gw.example.org]\n", "[gw.example.org]"},
      {"relayhost =\n", ""},
      {"#relayhost = a\n", nullptr},
      {"relayhost = a\nrelayhost = b\n", "b"},
      {"relayhost = a\n# why\n  b\n", "a b"},
      {"relayhost =\n\tb\nmyhostname = c\n d\n", "b"},
      {"sender_dependent_relayhost_maps = a\n", nullptr},
      {"fallback = a\n relayhost = b\n", nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto value = main_cf_value(row.text, "relayhost");
    CHECK(value.has_value() == (row.want != nullptr));
    if (value && row.want != nullptr) CHECK(*value == row.want);
  }
}

TEST_CASE("forced TLS: domains whose mail the relayhost takes are named, but for those with a relay of their own") {
  const auto policy = load_policy(std::string(milter_only) + R"([relay.partner]
recipients = ["partner.example"]
host = "direct"
[tls]
"partner.example" = "secure"
"other.example" = "encrypt"
".gov.example" = "encrypt"
"easy.example" = "may"
"[gw.example.org]:587" = "encrypt"
"*" = "encrypt"
)");
  CHECK(tls_behind_relayhost(*policy->way_maps, "").empty());
  const auto found = tls_behind_relayhost(*policy->way_maps, "[gw.example.org]:587");
  REQUIRE(found.size() == 2);
  CHECK(found[0].starts_with("tls.\".gov.example\": has no effect: relayhost = [gw.example.org]:587 in main.cf takes"));
  CHECK(found[1].find("[relay.\"other.example\"] recipients = [\"other.example\"], host = \"direct\"") !=
        std::string::npos);
}

}  // namespace
}  // namespace mailweir::test
