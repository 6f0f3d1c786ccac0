// SPDX-License-Identifier: BSD-2-Clause
// Rules at the end of a message that decide without a scanner's answer, which is not waited for then.
#include "../fixture/engine_fixture.h"

namespace mailweir::test {
namespace {

const std::string clamd = std::string(milter_only) + "[clamd]\nsockets = [\"unix:/clamd\"]\nmax_scan = \"25MiB\"\n";

std::string rule(const std::string& name, const std::string& lines) {
  return "[[rule]]\nname = \"" + name + "\"\nat = \"end-of-message\"\n" + lines + '\n';
}

const std::string refuses = rule("refuses", "when = { sender = \"alice@example.com\" }\nreject = \"550 5.7.1 no\"");
const std::string infected = rule("infected", "when = { virus = \"infected\" }\nreject = \"554 5.7.1 {virus_name}\"");

TEST_CASE("scans: a rule that decides before any that asks a scanner needs no answer") {
  struct Row {
    const char* name;
    std::string rules;
    bool decides;
  };
  const Row rows[] = {
      {"the refusal is first", refuses + infected, true},
      {"the scanner is first", infected + refuses, false},
      {"of another sender only",
       rule("a", "when = { sender = \"eve@example.com\" }\nreject = \"550 5.7.1 no\"") + infected, false},
      {"an exemption does not hold",
       rule("a", "unless = { sender = \"eve@example.com\" }\nreject = \"550 5.7.1 no\"") + infected, true},
      {"an exemption holds",
       rule("a", "unless = { sender = \"alice@example.com\" }\nreject = \"550 5.7.1 no\"") + infected, false},
      {"what it would ask does not apply",
       rule("a", "when = { virus = \"infected\", sender = \"eve@example.com\" }\nreject = \"550 5.7.1 no\"") + refuses +
           infected,
       true},
      {"a text of an earlier rule asks", rule("a", "add_headers = { X-Virus = \"{virus}\" }") + refuses + infected,
       false},
      {"in shadow it decides nothing", rule("a", "reject = \"550 5.7.1 no\"\nshadow = true") + infected, false},
      {"a limit decides later",
       rule("a", "limit = { by = \"sender\", of = \"messages\", max = \"1/1h\" }\nreject = \"550 5.7.1 no\"") +
           infected,
       false},
      {"what goes along decides nothing", rule("a", "hold = \"x\"") + infected, false},
      {"a hold before the refusal", rule("a", "hold = \"x\"") + refuses + infected, true},
      {"accepted before it is asked", rule("a", "accept = true") + infected, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Engine engine(clamd + row.rules);
    HeaderList headers;
    const auto session = engine.message(Door::milter);
    session->transaction().headers = &headers;
    session->begin_message_checks(true);
    CHECK(session->decides_before_scans() == row.decides);
  }
}

}  // namespace
}  // namespace mailweir::test
