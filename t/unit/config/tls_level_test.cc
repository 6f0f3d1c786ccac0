// SPDX-License-Identifier: BSD-2-Clause
// Values of smtp_tls_policy_maps: which Postfix would understand, and which force TLS.
#include <doctest/doctest.h>

#include <string>

#include "config/tls_level.h"

using namespace mailweir;

TEST_CASE("TLS levels: good ones, and which force TLS") {
  struct Row {
    std::string in;
    bool forces;
  };
  const Row rows[] = {
      {"none", false},
      {"may", false},
      {"encrypt", true},
      {"Secure", true},
      {"dane-only", true},
      {"encrypt protocols=>=TLSv1.2", true},
      {"encrypt protocols=!SSLv2:!SSLv3 ciphers=high", true},
      {"secure, match=mx.example.com:.example.com", true},
      {"secure { match = mx.example.com }", true},
      {"fingerprint match=00:11:22", true},
      {"may protocols=<=0303", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(wrong_tls_level(row.in) == "");
    CHECK(forces_tls(row.in) == row.forces);
  }
}

TEST_CASE("TLS levels: bad ones") {
  struct Row {
    std::string in, want;
  };
  const Row rows[] = {
      {"", "is empty; write a level: none may encrypt dane dane-only fingerprint verify secure"},
      {"encypt", "\"encypt\" is not a level of smtp_tls_policy_maps; did you mean encrypt?"},
      {"encrypt protocol=TLSv1.2", "\"protocol\" is not an attribute of a TLS policy; did you mean protocols?"},
      {"encrypt protocols=TLSv12", "\"TLSv12\" is not a protocol; did you mean TLSv1?"},
      {"encrypt ciphers=best", "\"best\" is not a cipher grade: export low medium high null"},
      {"encrypt match=mx.example.com",
       "match= is for levels fingerprint, verify and secure; level encrypt does not look at names"},
      {"encrypt high", "\"high\" is not an attribute: write name=value, without blanks"},
      {"none ciphers=high", "level none takes no attributes"},
      {"fingerprint", "level fingerprint needs match=, the fingerprint of the certificate"},
      {"may\nencrypt", "must be printable ASCII, at most 1000 characters"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(wrong_tls_level(row.in) == row.want);
  }
}
