// SPDX-License-Identifier: BSD-2-Clause
// InternalHosts and ExternalIgnoreList of opendkim.
#include <doctest/doctest.h>

#include "../fixture/temp_dir.h"
#include "adapter/keys/opendkim_hosts.h"

using namespace mailweir;

namespace {

std::optional<IpAddress> at(std::string_view text) { return IpAddress::parse(text); }

}  // namespace

TEST_CASE("opendkim hosts: names before addresses, the more precise entry first, ! means not") {
  const std::string list =
      "127.0.0.1, 10.0.0.0/8, !10.1.0.0/16, 10.1.2.3, [192.0.2.7], 2001:db8::/32, !2001:DB8::5, ::ffff:198.51.100.9,"
      "mail.example.com, .example.net, !bad.example.net, !.sub.example.net";
  struct Row {
    std::string address, name;
    bool want;
  };
  const Row rows[] = {{"127.0.0.1", "", true},
                      {"127.0.0.2", "unknown", false},
                      {"10.9.9.9", "", true},
                      {"10.1.9.9", "", false},
                      {"10.1.2.3", "", true},
                      {"192.0.2.7", "", true},
                      {"2001:db8::1", "", true},
                      {"2001:db8::5", "", false},
                      {"198.51.100.9", "", true},
                      {"203.0.113.1", "mail.example.com", true},
                      {"203.0.113.1", "MAIL.example.com.", true},
                      {"203.0.113.1", "x.mail.example.com", false},
                      {"203.0.113.1", "example.net", false},
                      {"203.0.113.1", "a.b.example.net", true},
                      {"203.0.113.1", "bad.example.net", false},
                      {"203.0.113.1", "x.sub.example.net", false},
                      {"127.0.0.1", "bad.example.net", false},  // the name is asked first
                      {"", "mail.example.com", true},
                      {"", "", false}};
  const auto loaded = read_opendkim_hosts("internal_hosts", list);
  REQUIRE(loaded);
  CHECK(loaded->warnings.empty());
  for (const auto& row : rows) {
    CAPTURE(row.address);
    CAPTURE(row.name);
    CHECK(loaded->hosts->contains(at(row.address), row.name) == row.want);
  }
}

TEST_CASE("opendkim hosts: files, and what is wrong") {
  const TempDir directory;
  const auto path = directory / "hosts";
  write_file(path, "# ours\n10.0.0.0/8 # all of it\n\n10.0.0.1/8\na..b\n.example.com\n");
  const auto loaded = read_opendkim_hosts("internal_hosts", "file:" + path);
  REQUIRE(loaded);
  CHECK(loaded->hosts->contains(at("10.2.3.4"), "x"));
  CHECK(loaded->hosts->contains({}, "x.example.com"));
  REQUIRE(loaded->warnings.size() == 2);
  CHECK(loaded->warnings[0].ends_with("hosts:4: is not a network: 10.0.0.1/8"));
  CHECK(loaded->warnings[1].ends_with("hosts:5: is neither an address nor a host name: a..b"));
  for (const auto* value : {"file:/nowhere/hosts", "refile:/etc/hosts", "db:/etc/hosts.db"}) {
    CAPTURE(value);
    CHECK_FALSE(read_opendkim_hosts("internal_hosts", value));
  }
}
