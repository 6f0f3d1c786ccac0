// SPDX-License-Identifier: BSD-2-Clause
// local_user: who ran sendmail(1).
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;

TEST_CASE("local_user: the first field, of local mail only") {
  struct Row {
    std::string label;
    bool local;
    std::vector<std::string> fields;
    std::string want;
  };
  const Row rows[] = {
      {"root", true, {" 0"}, "0"},
      {"a user without a name", true, {" 4294967295"}, "4294967295"},
      {"the true one, then a forged one", true, {" 33", " 0"}, "33"},
      {"by SMTP", false, {" 0"}, ""},
      {"no field", true, {}, ""},
      {"no number", true, {" root"}, ""},
      {"too large", true, {" 4294967296"}, ""},
      {"much too large", true, {" 00000000000000000000001"}, ""},
      {"empty", true, {""}, ""},
      {"a long one", true, {std::string(65'536, '0') + "33"}, ""},
      {"a long one of blanks", true, {std::string(65'536, ' ') + "33"}, "33"},
      {"a sign", true, {" +33"}, ""},
      {"two numbers", true, {" 33 34"}, ""},
      {"many", true, std::vector<std::string>(500, " 33"), "33"},
  };
  Engine engine("[general]\nlocal_user_header = \"X-Local-User\"\n" + std::string(test::milter_only));
  for (const auto& row : rows) {
    CAPTURE(row.label);
    const auto session = engine.message(Door::milter);
    if (row.local) session->client().origin = Origin::local;
    HeaderList headers;
    for (const auto& field : row.fields) REQUIRE(headers.receive("X-Local-User", field));
    session->transaction().headers = &headers;
    session->facts().stage(Stage::end_of_message);
    CHECK(session->facts().to_text(ref_of("local_user")) == row.want);
  }
}

}  // namespace
}  // namespace mailweir
