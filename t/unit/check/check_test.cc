// SPDX-License-Identifier: BSD-2-Clause
#include "../fixture/dns_fixture.h"
#include "check/helo.h"
#include "check/iprev.h"
#include "check/public_address.h"
#include "check/sender_domain.h"

using namespace mailweir;
using namespace mailweir::test;

namespace {

constexpr const char* reverse_zone = R"(
192.0.2.1   PTR mx.example.com
mx.example.com A 192.0.2.1
            AAAA 2001:db8::1
2001:db8::1 PTR mx.example.com
192.0.2.2   PTR mx.example.com
192.0.2.3   PTR gone.example.com
192.0.2.4   SERVFAIL
192.0.2.5   PTR broken.example.com
192.0.2.6   PTR broken.example.com
            PTR six.example.com
six.example.com A 192.0.2.99
            A 192.0.2.6
broken.example.com TIMEOUT
192.0.2.7   PTR broken.example.com
            PTR mx.example.com
192.0.2.8   PTR n01.example.com
            PTR n02.example.com
            PTR n03.example.com
            PTR n04.example.com
            PTR n05.example.com
            PTR n06.example.com
            PTR n07.example.com
            PTR n08.example.com
            PTR n09.example.com
            PTR n10.example.com
            PTR eight.example.com
eight.example.com A 192.0.2.8
9.2.0.192.in-addr.arpa TXT "no pointer here"
192.0.2.10  PTR aka.example.com
aka.example.com CNAME ten.example.com
ten.example.com A 192.0.2.10
192.0.2.11  PTR eleven.example.com
            PTR eleven.example.com
eleven.example.com A 192.0.2.12
)";

constexpr const char* mail_zone = R"(
good.example         MX 20 nowhere.example
                     MX 10 mx.good.example
mx.good.example      AAAA 2001:db8::1
address.example      A 192.0.2.1
sixonly.example      AAAA 2001:db8::2
empty.example        TXT "nothing here"
hidden.example       A 10.0.0.1
                     A 127.0.0.1
halfhidden.example   A 10.0.0.1
                     AAAA 2001:db8::5
hiddenmx.example     MX 10 hidden.example
                     MX 20 nowhere.example
hiddenandtrouble.example MX 10 hidden.example
                     MX 20 silent.example
hiddenbroken.example A 192.168.1.1
                     SERVFAIL AAAA
hiddenandgood.example MX 10 hidden.example
                     MX 20 mx.good.example
null.example         MX 0 .
                     A 192.0.2.1
nullonly.example     MX 0 .
mixednull.example    MX 0 .
                     MX 10 mx.good.example
ghosts.example       MX 10 a.ghost.test
                     MX 20 b.ghost.test
bare.example         MX 10 empty.example
literalmx.example    MX 10 192.0.2.1
broken.example       SERVFAIL
mxbroken.example     SERVFAIL MX
                     A 192.0.2.1
mxbrokenempty.example SERVFAIL MX
hostbroken.example   MX 10 silent.example
silent.example       TIMEOUT
onegood.example      MX 10 silent.example
                     MX 20 mx.good.example
oneghost.example     MX 10 a.ghost.test
                     MX 20 silent.example
abroken.example      SERVFAIL A
                     AAAA 2001:db8::3
addressbroken.example SERVFAIL A AAAA
nullbroken.example   MX 0 .
                     SERVFAIL A
aka.example          CNAME good.example
lost.example         CNAME nowhere.example
later.example        MX 1 g1.test
                     MX 2 g2.test
                     MX 3 g3.test
                     MX 4 g4.test
                     MX 5 g5.test
                     MX 6 g6.test
                     MX 7 g7.test
                     MX 8 g8.test
                     MX 9 g9.test
                     MX 10 g10.test
                     MX 11 mx.good.example
tenth.example        MX 10 g1.test
                     MX 10 g2.test
                     MX 10 g3.test
                     MX 10 g4.test
                     MX 10 g5.test
                     MX 10 g6.test
                     MX 10 g7.test
                     MX 10 g8.test
                     MX 10 g9.test
                     MX 10 mx.good.example
)";

}  // namespace

TEST_CASE("iprev") {
  struct Row {
    const char* address;
    AuthWord want;
    const char* reason;
  };
  const Row rows[] = {
      {"192.0.2.1", AuthWord::pass, "192.0.2.1 has the name mx.example.com, which has this address"},
      {"2001:db8::1", AuthWord::pass, "2001:db8::1 has the name mx.example.com, which has this address"},
      {"::ffff:192.0.2.1", AuthWord::pass, "192.0.2.1 has the name mx.example.com, which has this address"},
      {"192.0.2.2", AuthWord::fail, "192.0.2.2 has the name mx.example.com, which has 192.0.2.1"},
      {"192.0.2.3", AuthWord::fail, "192.0.2.3 has the name gone.example.com, which has no address"},
      {"192.0.2.4", AuthWord::temperror, "192.0.2.4: reverse name: SERVFAIL"},
      {"192.0.2.5", AuthWord::temperror, "192.0.2.5 has the name broken.example.com, whose lookup failed: timeout"},
      {"192.0.2.6", AuthWord::pass, "192.0.2.6 has the name six.example.com, which has this address"},
      {"192.0.2.7", AuthWord::temperror, "192.0.2.7 has the name broken.example.com, whose lookup failed: timeout"},
      {"192.0.2.8", AuthWord::fail,
       "192.0.2.8 has the name n01.example.com, which has no address; the same for all of its 10 names that were "
       "looked at"},
      {"192.0.2.9", AuthWord::permerror, "192.0.2.9 has no reverse name"},
      {"192.0.2.10", AuthWord::pass, "192.0.2.10 has the name aka.example.com, which has this address"},
      {"192.0.2.11", AuthWord::fail, "192.0.2.11 has the name eleven.example.com, which has 192.0.2.12"},
      {"198.51.100.1", AuthWord::permerror, "198.51.100.1 has no reverse name"},
  };
  const auto resolver = zone(reverse_zone);
  for (const auto& row : rows) {
    CAPTURE(row.address);
    const auto lookups = lookups_in(*resolver);
    const auto got = iprev(*lookups, *IpAddress::parse(row.address));
    CHECK(to_string(got.word) == to_string(row.want));
    CHECK(got.reason == row.reason);
    CHECK(lookups->trace().size() <= 1 + most_reverse_names);
  }
}

TEST_CASE("which addresses the rest of the Internet can reach") {
  struct Row {
    const char* address;
    bool want;
  };
  const Row rows[] = {
      {"8.8.8.8", true},
      {"192.0.2.1", true},
      {"172.15.255.255", true},
      {"172.32.0.1", true},
      {"100.63.0.1", true},
      {"100.128.0.1", true},
      {"223.255.255.254", true},
      {"2001:db8::1", true},
      {"2a00:1450::1", true},
      {"0.0.0.0", false},
      {"10.255.0.1", false},
      {"100.64.0.1", false},
      {"127.0.0.1", false},
      {"169.254.1.1", false},
      {"172.16.0.1", false},
      {"172.31.255.255", false},
      {"192.0.0.8", false},
      {"192.168.0.1", false},
      {"198.19.0.1", false},
      {"224.0.0.1", false},
      {"255.255.255.255", false},
      {"::1", false},
      {"::", false},
      {"fc00::1", false},
      {"fd12::1", false},
      {"fe80::1", false},
      {"ff02::1", false},
      {"::ffff:10.0.0.1", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.address);
    CHECK(is_public(*IpAddress::parse(row.address)) == row.want);
  }
}

TEST_CASE("sender_domain_dns and helo_dns") {
  using enum DomainStatus;
  struct Row {
    const char* name;
    DomainStatus sender, helo;
    const char* reason;  // the sender domain's
  };
  const Row rows[] = {
      {"good.example", exists, exists, "good.example: MX mx.good.example has 2001:db8::1"},
      {"address.example", exists, exists, "address.example: no MX known, address.example has 192.0.2.1"},
      {"sixonly.example", exists, exists, "sixonly.example: no MX known, sixonly.example has 2001:db8::2"},
      {"empty.example", no_mail_host, no_mail_host, "empty.example has no MX and no address"},
      {"hidden.example", no_public_host, exists,
       "hidden.example: no MX, hidden.example has only 10.0.0.1, which is not public"},
      {"halfhidden.example", exists, exists, "halfhidden.example: no MX known, halfhidden.example has 2001:db8::5"},
      {"hiddenmx.example", no_public_host, exists,
       "hiddenmx.example: MX hidden.example has only 10.0.0.1, which is not public"},
      {"hiddenandtrouble.example", temperror, temperror, "hiddenandtrouble.example: MX silent.example: timeout"},
      {"hiddenbroken.example", temperror, temperror, "hiddenbroken.example: SERVFAIL"},
      {"hiddenandgood.example", exists, exists, "hiddenandgood.example: MX mx.good.example has 2001:db8::1"},
      {"nowhere.example", nxdomain, nxdomain, "nowhere.example does not exist"},
      {"null.example", null_mx, exists, "null.example has a null MX: it accepts no mail"},
      {"nullonly.example", null_mx, null_mx, "nullonly.example has a null MX: it accepts no mail"},
      {"mixednull.example", exists, exists, "mixednull.example: MX mx.good.example has 2001:db8::1"},
      {"ghosts.example", no_mail_host, no_mail_host,
       "ghosts.example: MX a.ghost.test does not exist; the same for all of its 2 mail hosts that were looked at"},
      {"bare.example", no_mail_host, no_mail_host, "bare.example: MX empty.example has no address"},
      {"literalmx.example", no_mail_host, no_mail_host, "literalmx.example: MX 192.0.2.1 does not exist"},
      {"broken.example", temperror, temperror, "broken.example: MX: SERVFAIL"},
      {"mxbroken.example", exists, exists, "mxbroken.example: no MX known, mxbroken.example has 192.0.2.1"},
      {"mxbrokenempty.example", temperror, temperror, "mxbrokenempty.example: MX: SERVFAIL"},
      {"hostbroken.example", temperror, temperror, "hostbroken.example: MX silent.example: timeout"},
      {"onegood.example", exists, exists, "onegood.example: MX mx.good.example has 2001:db8::1"},
      {"oneghost.example", temperror, temperror, "oneghost.example: MX silent.example: timeout"},
      {"abroken.example", exists, exists, "abroken.example: no MX known, abroken.example has 2001:db8::3"},
      {"addressbroken.example", temperror, temperror, "addressbroken.example: SERVFAIL"},
      {"nullbroken.example", null_mx, temperror, "nullbroken.example has a null MX: it accepts no mail"},
      {"aka.example", exists, exists, "aka.example: MX mx.good.example has 2001:db8::1"},
      {"lost.example", nxdomain, nxdomain, "lost.example does not exist"},
      {"tenth.example", exists, exists, "tenth.example: MX mx.good.example has 2001:db8::1"},
      {"later.example", no_mail_host, no_mail_host,
       "later.example: MX g1.test does not exist; the same for all of its 10 mail hosts that were looked at"},
      {"[192.0.2.1]", exists, exists, "[192.0.2.1] is an address literal"},
      {"[IPv6:2001:db8::1]", exists, exists, "[IPv6:2001:db8::1] is an address literal"},
      {"[nonsense]", nxdomain, nxdomain, "[nonsense] is not a valid address literal"},
      {"192.0.2.1", nxdomain, nxdomain, "192.0.2.1 is an address without brackets, not a name"},
      {"", nxdomain, nxdomain, "an empty name is not a name that the DNS can have"},
      {"a..b", nxdomain, nxdomain, "a..b is not a name that the DNS can have"},
      {"two\nlines", nxdomain, nxdomain, "two?lines is not a name that the DNS can have"},
  };
  const auto resolver = zone(mail_zone);
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto lookups = lookups_in(*resolver);
    const auto sender = sender_domain_dns(*lookups, row.name);
    CHECK(to_string(sender.status) == to_string(row.sender));
    CHECK(sender.reason == row.reason);
    CHECK(lookups->trace().size() <= 3 + 2 * most_mail_hosts);
    const auto helo = helo_dns(*lookups_in(*resolver), row.name);
    CHECK(to_string(helo.status) == to_string(row.helo));
    CHECK_FALSE(helo.reason.empty());
  }
  CHECK(helo_dns(*lookups_in(*resolver), "Good.Example.").status == exists);  // a client writes it as it likes
}
