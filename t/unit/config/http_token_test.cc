// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "config/http_token.h"

using namespace mailweir;

TEST_CASE("tokens of the http door") {
  struct Row {
    std::string in;
    bool good;
  };
  const Row rows[] = {
      {"12345678", true},   {"!~aZ09{}", true},          {std::string(512, 'x'), true},
      {"", false},          {"1234567", false},          {std::string(513, 'x'), false},
      {"two words", false}, {"tab\tinside", false},      {"a-line\nmore", false},
      {"a-line-\r", false}, {"schl\xc3\xbcssel", false}, {std::string("nul\0inside", 10), false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(wrong_http_token(row.in).empty() == row.good);
  }
}
