// SPDX-License-Identifier: BSD-2-Clause
// DMARC Policy Records (RFC 9989 4.7, 4.8).
#include <doctest/doctest.h>

#include "check/dmarc_record.h"

using namespace mailweir;

namespace {

std::string shown(std::optional<DmarcPolicy> policy) { return policy ? std::string(to_string(*policy)) : "-"; }

// p sp np, adkim and aspf, psd, t.
std::string shown(const DmarcRecord& record) {
  const char psd = record.psd == DmarcPsd::yes ? 'y' : record.psd == DmarcPsd::no ? 'n' : 'u';
  return shown(record.policy) + ' ' + shown(record.subdomains) + ' ' + shown(record.nonexistent) + ' ' +
         (record.strict_dkim ? 's' : 'r') + (record.strict_spf ? 's' : 'r') + ' ' + psd +
         (record.testing ? " testing" : "");
}

}  // namespace

TEST_CASE("dmarc record: tags, and what RFC 9989 4.8 says of mistakes in them") {
  struct Row {
    std::string in, want;
  };
  const Row rows[] = {
      {"v=DMARC1; p=reject", "reject - - rr u"},
      {"v=DMARC1;p=quarantine;sp=none;np=reject;adkim=s;aspf=s;psd=n;t=y;", "quarantine none reject ss n testing"},
      {" v = DMARC1 ; p = NONE ; adkim = r ", "none - - rr u"},
      {"v=DMARC1; t=y; aspf=s; p=reject", "reject - - rs u testing"},
      // Historic tags (9.3), and what was never one.
      {"v=DMARC1; p=reject; pct=0; rf=iodef; ri=soon; fo=x; ruf=nobody; zz=top", "reject - - rr u"},
      // Defaults instead of what is not a value.
      {"v=DMARC1; p=reject; adkim=maybe; aspf=; psd=x; t=yes", "reject - - rr u"},
      {"v=DMARC1; p=reject; ADKIM=S; PSD=Y", "reject - - sr y"},
      {"v=DMARC1; p=reject; p=none", "reject - - rr u"},
      {"v=DMARC1; p=reject; psd=y; psd=n", "reject - - rr y"},
      {"v=DMARC1; p=reject; garbage; =; ;;", "reject - - rr u"},
      // Without p= (4.7).
      {"v=DMARC1", "none - - rr u"},
      {"v=DMARC1; p", "none - - rr u"},
      {"v=DMARC1; psd=y", "none - - rr y"},
      {"v=DMARC1; sp=reject", "none reject - rr u"},
      // An unusable p=, sp= or np= (4.10.1).
      {"v=DMARC1; p=destroy", "error"},
      {"v=DMARC1; p=", "error"},
      {"v=DMARC1; p=reject; sp=destroy", "error"},
      {"v=DMARC1; p=reject; np=destroy", "error"},
      {"v=DMARC1; p=destroy; rua=mailto:a@example.com", "none - - rr u"},
      {"v=DMARC1; p=reject; sp=destroy; rua=mailto:a@example.com", "none - - rr u"},
      {"v=DMARC1; p=reject; np=destroy; sp=reject; rua= x , https://example.com/ ; psd=n", "none - - rr n"},
      {"v=DMARC1; p=destroy; rua=a@example.com", "error"},
      {"v=DMARC1; p=destroy; rua=mailto:", "error"},
      {"v=DMARC1; p=destroy; rua=1mailto:a@example.com", "error"},
      // Appendix B.2.
      {"v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com", "none - - rr u"},
      {"v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; ruf=mailto:auth-reports@example.com", "none - - rr u"},
      {"v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net; t=y",
       "quarantine - - rr u testing"},
      // Bounds.
      {"v=DMARC1; p=reject; zz=" + std::string(3000, 'x'), "reject - - rr u"},
      {"v=DMARC1; p=reject; " + std::string(5000, 'x'), "error"},
      {"v=DMARC1; p=" + std::string(3000, 'x'), "error"},
      {std::string("v=DMARC1; p=reject\0; sp=none", 28), "error"},
      {"v=DMARC1" + std::string(3900, ';'), "none - - rr u"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in.substr(0, 80));
    const auto read = read_dmarc_record(row.in);
    CHECK((read ? shown(*read) : "error") == row.want);
    if (!read) CHECK(read.error().what.size() < 100);
  }
}

TEST_CASE("dmarc record: which texts are records") {
  struct Row {
    std::string in;
    bool want;
  };
  const Row rows[] = {
      {"v=DMARC1", true},   {"v=DMARC1;", true},         {"v=DMARC1 ; p=none", true},  {"v \t=  DMARC1; p=x", true},
      {"v=dmarc1", false},  {"V=DMARC1", false},         {"v=DMARC10; p=none", false}, {"v=DMARC2", false},
      {" v=DMARC1", false}, {"p=none; v=DMARC1", false}, {"v=DMARC1 p=x", false},      {"", false},
      {"v", false},         {"version=DMARC1", false}};
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(is_dmarc_record(row.in) == row.want);
  }
}
