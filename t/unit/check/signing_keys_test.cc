// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "../fixture/no_signer.h"
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

namespace {

// Of each author as many keys as its local part has letters, each with another i=; "bad" has a trouble.
class LetterKeys final : public AuthorKeySource {
 public:
  KeysFound find_for(std::string_view local, std::string_view domain, Deadline) override {
    KeysFound found;
    if (local == "bad") {
      found.troubles.emplace_back("signing:1: bad");
      return found;
    }
    for (const char letter : local) {
      DkimKey key{std::string(domain), "s", nullptr, false};
      key.identity = std::string(1, letter) + '@' + std::string(domain);
      found.keys.push_back(std::make_shared<const DkimKey>(std::move(key)));
    }
    return found;
  }
  const std::string& name() const override { return name_; }

 private:
  const std::string name_ = "letters";
};

}  // namespace

TEST_CASE("tables that know authors by address sign for a message, and not for a domain alone") {
  DkimKey own{"example.com", "own", std::make_shared<NoSigner>(), false};
  auto ring = KeyRing::make({own});
  REQUIRE(ring);
  const SigningKeys keys(*std::move(ring), nullptr, std::make_shared<LetterKeys>());
  CHECK_FALSE(keys.none());
  struct Row {
    std::string from, domain, want;
    bool trouble;
  };
  const Row rows[] = {{"ab@example.com", "example.com", "own a@example.com b@example.com ", false},
                      {"ab@example.com, B <b@example.com>", "example.com", "own a@example.com b@example.com ", false},
                      {"a@example.net", "example.com", "own ", false},
                      {"a@example.net", "example.net", "a@example.net ", false},
                      {"bad@example.net", "example.net", "", true},
                      {"bad@example.com", "example.com", "own ", true},
                      {"", "example.net", "", false}};
  for (const auto& row : rows) {
    CAPTURE(row.from);
    CAPTURE(row.domain);
    const auto found = keys.of_message({row.from}).find(row.domain, Deadline::in(std::chrono::seconds(5)));
    std::string got;
    for (const auto& key : found.keys) got += (key->identity.empty() ? key->selector : key->identity) + ' ';
    CHECK(got == row.want);
    CHECK(found.troubles.empty() != row.trouble);
    CHECK(keys.find("example.net", Deadline::in(std::chrono::seconds(5))).keys.empty());
  }
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
