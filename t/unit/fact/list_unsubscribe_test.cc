// SPDX-License-Identifier: BSD-2-Clause
// list_unsubscribe: one-click is exactly what RFC 8058 3.1 wants.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;

TEST_CASE("list_unsubscribe: one-click, plain, none") {
  struct Row {
    std::string label;
    std::vector<std::string> uris, posts;
    std::string want;
  };
  const std::string https = " <https://example.com/u?x=1>", post = " List-Unsubscribe=One-Click";
  const Row rows[] = {
      {"as in RFC 8058 8.1", {https}, {post}, "one-click"},
      {"with mailto beside it", {" <mailto:u@example.com>,\n <HTTPS://example.com/u>"}, {post}, "one-click"},
      {"the pair in another case", {https}, {" list-unsubscribe=one-click "}, "one-click"},
      {"a comment", {" (use this <http://x/>) <https://example.com/u> (one click)"}, {post}, "one-click"},
      {"without Post", {https}, {}, "plain"},
      {"Post says something else", {https}, {" List-Unsubscribe=One-Click; x=1"}, "plain"},
      {"Post is empty", {https}, {""}, "plain"},
      {"two Posts", {https}, {post, post}, "plain"},
      {"two fields", {https, https}, {post}, "plain"},
      {"two https URIs", {https + "," + https}, {post}, "plain"},
      {"http beside https", {" <http://example.com/u>," + https}, {post}, "plain"},
      {"http only", {" <http://example.com/u>"}, {post}, "plain"},
      {"mailto only", {" <mailto:u@example.com?subject=u>"}, {post}, "plain"},
      {"https without a host", {" <https://>"}, {post}, "plain"},
      {"a blank in the URI", {" <https://example.com/ u>"}, {post}, "plain"},
      {"no URI", {" NO"}, {post}, "none"},
      {"an empty one", {" < >"}, {post}, "none"},
      {"not closed", {" <https://example.com/u"}, {post}, "none"},
      {"in a comment only", {" (<https://example.com/u>)"}, {post}, "none"},
      {"Post alone", {}, {post}, "none"},
      {"neither", {}, {}, "none"},
  };
  Engine engine(std::string(test::milter_only) + "[[rule]]\nname = \"n\"\nat = \"data\"\nlog = true\n");
  const auto session = engine.message(Door::milter);
  for (const auto& row : rows) {
    CAPTURE(row.label);
    HeaderList headers;
    for (const auto& uris : row.uris) REQUIRE(headers.receive("List-Unsubscribe", uris));
    for (const auto& one : row.posts) REQUIRE(headers.receive("List-Unsubscribe-Post", one));
    session->transaction().headers = &headers;
    session->facts().stage(Stage::end_of_message);
    CHECK(session->facts().to_text(ref_of("list_unsubscribe")) == row.want);
    session->end_transaction(true);
    engine.begin(*session);
  }
}

TEST_CASE("what one-click needs is signed by default (RFC 8058 4)") {
  const SignPolicy policy;
  CHECK(policy.covers("List-Unsubscribe"));
  CHECK(policy.covers("List-Unsubscribe-Post"));
}

}  // namespace
}  // namespace mailweir
