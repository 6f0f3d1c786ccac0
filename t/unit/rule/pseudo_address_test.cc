// SPDX-License-Identifier: BSD-2-Clause
// Pseudo addresses of routes: how a recipient is written on its way to a route, and back.
#include <doctest/doctest.h>

#include <string>

#include "rule/pseudo_address.h"

using namespace mailweir;

TEST_CASE("pseudo address: there and back") {
  struct Row {
    std::string mailbox, want, back;  // in plain form; as SMTP writes it
  };
  const std::string local(64, 'l'),
      domain = std::string(58, 'd') + '.' + std::string(58, 'd') + '.' + std::string(54, 'd') + ".example";
  const Row rows[] = {
      {"b@example.net", "b=example.net@bad.route.invalid", "b@example.net"},
      {"B.b@Example.NET", "B.b=example.net@bad.route.invalid", "B.b@example.net"},
      {"b+x@example.net", "b+x=example.net@bad.route.invalid", "b+x@example.net"},
      {"a=b@example.net", "a=b=example.net@bad.route.invalid", "a=b@example.net"},
      {"prvs=01ab=b@example.net", "prvs=01ab=b=example.net@bad.route.invalid", "prvs=01ab=b@example.net"},
      {"#$&'*/?^_`{|}~@example.net", "#$&'*/?^_`{|}~=example.net@bad.route.invalid", "#$&'*/?^_`{|}~@example.net"},
      {"j\xc3\xb6rg@b\xc3\xbc"
       "cher.example",
       "j\xc3\xb6rg=xn--bcher-kva.example@bad.route.invalid", "j\xc3\xb6rg@xn--bcher-kva.example"},
      {local + '@' + domain, local + '=' + domain + "@bad.route.invalid", local + '@' + domain},
      // The second form.
      {"a=@example.net", "a=3D=40example.net@x.bad.route.invalid", "a=@example.net"},
      {"odd one@example.net", "odd=20one=40example.net@x.bad.route.invalid", "\"odd one\"@example.net"},
      {"a@b@example.net", "a=40b=40example.net@x.bad.route.invalid", "\"a@b\"@example.net"},
      {"a\"\\@example.net", "a=22=5C=40example.net@x.bad.route.invalid", "\"a\\\"\\\\\"@example.net"},
      {"a%b@example.net", "a=25b=40example.net@x.bad.route.invalid", "a%b@example.net"},
      {"a!b@example.net", "a=21b=40example.net@x.bad.route.invalid", "a!b@example.net"},
      {".a@example.net", "=2Ea=40example.net@x.bad.route.invalid", "\".a\"@example.net"},
      {"a..b@example.net", "a.=2Eb=40example.net@x.bad.route.invalid", "\"a..b\"@example.net"},
      {"-a@example.net", "=2Da=40example.net@x.bad.route.invalid", "-a@example.net"},
      {"b@[192.0.2.7]", "b=40=5B192.0.2.7=5D@x.bad.route.invalid", "b@[192.0.2.7]"},
      {"b@[IPv6:2001:db8::1]", "b=40=5BIPv6=3A2001=3Adb8=3A=3A1=5D@x.bad.route.invalid", "b@[IPv6:2001:db8::1]"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.mailbox);
    const auto made = to_pseudo(row.mailbox, "bad", 0);
    REQUIRE(made);
    CHECK(made->text == row.want);
    CHECK(made->coded == (row.want.find("@x.") != row.want.npos));
    CHECK(from_pseudo(made->text).value_or("nothing") == row.back);
  }
}

TEST_CASE("pseudo address: what has none, and what is none") {
  for (const std::string mailbox : {"", "b", "@example.net", "b@", "b@a b.example", "b@a(b).example"}) {
    CAPTURE(mailbox);
    CHECK_FALSE(to_pseudo(mailbox, "bad", 0));
  }
  for (const std::string address : {"", "b", "b@example.net", "b@bad.route.invalid", "=example.net@bad.route.invalid",
                                    "b=@bad.route.invalid", "b=4@x.bad.route.invalid", "b=GG@x.bad.route.invalid",
                                    "b@x.bad.route.invalid", "b=a.example@notroute.invalid"}) {
    CAPTURE(address);
    CHECK_FALSE(from_pseudo(address));
  }
  CHECK(from_pseudo("b=example.net@BAD.Route.Invalid") == "b@example.net");
  CHECK(from_pseudo("b=3d=40example.net@x.bad.route.invalid") == "b=@example.net");
}

TEST_CASE("pseudo address: the domains of gateways") {
  CHECK(pseudo_domain("bad", 0) == "bad.route.invalid");
  CHECK(pseudo_domain("bad", 1) == "2.bad.route.invalid");
  CHECK(pseudo_domain("bad", 0, true) == "x.bad.route.invalid");
  CHECK(pseudo_domain("bad", 2, true) == "x3.bad.route.invalid");
  CHECK(from_pseudo("b=example.net@2.bad.route.invalid") == "b@example.net");
  CHECK(from_pseudo("b=40example.net@x3.bad.route.invalid") == "b@example.net");
  CHECK(from_pseudo("b=example.net@x1.route.invalid") == "b@example.net");  // a route of that name
  CHECK(is_pseudo_domain("route.invalid"));
  CHECK(is_pseudo_domain("a.b.route.invalid"));
  CHECK_FALSE(is_pseudo_domain("notroute.invalid"));
  CHECK_FALSE(is_pseudo_domain("route.invalid.example"));
}
