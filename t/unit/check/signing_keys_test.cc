// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "check/signing_keys.h"
#include "engine/removed_headers.h"

using namespace mailweir;

TEST_CASE("the domains of a message's authors") {
  HeaderList headers;
  headers.receive("To", " x@to.example");
  headers.receive("from", " A <a@Example.COM>, b@example.net, c@example.com");
  headers.receive("From", " d@example.org");
  CHECK(author_domains(from_fields(headers)) == std::vector<std::string>{"example.com", "example.net", "example.org"});
  CHECK(author_domains({}).empty());
  CHECK(SigningKeys().find_all({"example.com"}, Deadline::in(std::chrono::seconds(5))).keys.empty());
}

TEST_CASE("what an edit removes is named as the message has it") {
  struct Row {
    const char* pattern;
    std::vector<std::string> want;
  };
  HeaderList headers;
  for (const char* name : {"X-Originating-IP", "Subject", "x-originating-ip", "X-Originating-Email", "X-Gone"})
    headers.receive(name, " v");
  headers.remove("X-Gone");
  const Row rows[] = {{"X-Originating-*", {"X-Originating-IP", "X-Originating-Email"}},
                      {"subject", {"Subject"}},
                      {"X-PHP-*", {}},
                      {"X-Gone", {}}};
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    CHECK(removed_headers(headers, {row.pattern, nullptr}) == row.want);
  }
  HeaderList many;
  for (int i = 0; i < 30; ++i) many.receive("X-" + std::to_string(i), " v");
  CHECK(removed_headers(many, {"X-*", nullptr}).size() == 20);
}
