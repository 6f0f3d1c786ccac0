// SPDX-License-Identifier: BSD-2-Clause
// Signatures for tests: those of RFC 8463 appendix A, and some that dkimpy made over the same message with the same keys.
#pragma once

namespace mailweir::dkim_signatures {

// RFC 8463 appendix A.3: both of them pass.
inline constexpr const char* rfc_ed25519 =
    " v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com;\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n"
    " subject : date : message-id : from : subject : date;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==";
inline constexpr const char* rfc_rsa =
    " v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com;\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n"
    " date : message-id : from : subject : date;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=";

// Over the header fields from, to, subject, date, message-id, by dkimpy. `mixed` is relaxed/simple; `length` says l=54, the
// whole body; `below` has i=joe@team.football.example.com; `weak` is of an RSA key of 768 bits.
inline constexpr const char* signed_simple =
    " v=1; a=rsa-sha256; c=simple/simple;\n"
    " d=football.example.com; i=@football.example.com; q=dns/txt; s=test;\n"
    " t=1528637909; h=from : to : subject : date : message-id;\n"
    " bh=4bLNXImK9drULnmePzZNEBleUanJCX5PIsDIFoH4KTQ=;\n"
    " b=dZxDb1ZY8dbDYAjRHlKaGlrdCDjDqk7j8uX0ISgIqk8NhzYRZ/r33icxMj1naJA5p4xbW\n"
    " D67erGTwJchWBx6qfQsIhLQ/EKMAOjF/3yKrLMliMdXROPNnAAx5Kn99del3qUuxzKWyq25\n"
    " +yC6NpMuK9rQOkxGWS1hBcJR1lCtjRk=";
inline constexpr const char* signed_mixed =
    " v=1; a=rsa-sha256; c=relaxed/simple;\n"
    " d=football.example.com; i=@football.example.com; q=dns/txt; s=test;\n"
    " t=1528637909; h=from : to : subject : date : message-id;\n"
    " bh=4bLNXImK9drULnmePzZNEBleUanJCX5PIsDIFoH4KTQ=;\n"
    " b=t5r+idITZru12tC6/odGt8oUbMTOuet3sfvyGnkvipdDaFqJHSZlPVbPsKqeqrc7YNXaf\n"
    " 2b4G36i7huUS6O1ou+biXSvOhN8ghdbs6u9jIUMJOO1sYPZcPqrFbQCiLerC0cnavUJ1YBu\n"
    " WBOfYGVz6x/ONmsEZ8xlxdF5L0da678=";
inline constexpr const char* signed_sha1 =
    " v=1; a=rsa-sha1; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com; q=dns/txt; s=test;\n"
    " t=1528637909; h=from : to : subject : date : message-id;\n"
    " bh=yk6W9pJJilr5MMgeEdSd7J3IaJI=;\n"
    " b=lXm0a2+/TeNnrUmRUrgKDOBY/Nd/oFkl0WdPWIhlKqUq/op0sD9lr9Dfghexq0EOSqh+H\n"
    " 5UF+oNl//83kNpMg+367K2SJt+7MWwfOurJ54+yING2ChfVYOY3q4GeBM8R72h5QVTYL0gK\n"
    " 2EA3Ux2RHwYEBhyrkUyFkc2K052Oc8I=";
inline constexpr const char* signed_length =
    " v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com; l=54; q=dns/txt;\n"
    " s=test; t=1528637909; h=from : to : subject : date : message-id;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=SHwLtVJX55/Wt4GPbtWc91sky1405RA3MaTccELpuxJAH9OALvEBp21TUKRBEGjPvlUmN\n"
    " PhftYX1rnzOoLB/9a2eNB9gA5B95fb84qDcMqDZOoLaRahiI0+N7/FbG+Lm64+PqKUqfA0Q\n"
    " N8VFUt7LbY5pTEElgvRpFJSUvlObViI=";
inline constexpr const char* signed_below =
    " v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=joe@team.football.example.com; q=dns/txt;\n"
    " s=test; t=1528637909; h=from : to : subject : date : message-id;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=hni/ck5Pqh4J4Ds7HP1mDuZc0tJUTmgYXXxzJCATVbiGgTK2nhEqRjyUYL7imFPZYBEmZ\n"
    " MJelhTc9/pEyeMUTLKxjVsR4MQuhRn1X7cuuo4/plPtFEwRb//VIIUzlsAeEUEnIcUZEyhS\n"
    " yRG7bNCyJ6mtPvdjXV+0iq7w2B2pWBQ=";
inline constexpr const char* signed_weak =
    " v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com; q=dns/txt; s=weak;\n"
    " t=1528637909; h=from : to : subject : date : message-id;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=RAS9H3U8KBFvZ4EjGTbT1ax4ZZ1kfh6knR25vF1lKygTuEmDTNWnxi7+sYbrxYS6q/imE\n"
    " kv+G+43sjeKlugcxhppGmzZE14AwkE+oh2Grx+cyoNt44ALqOiCrFKI5hb1";
inline constexpr const char* weak_public =
    "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhAJqe6N0rfYxh3Qt0J4SNri08LAy9C9hZS5dl0DAox3qY38isxRXPCbLR5cVhV2JlGv5K"
    "GAv1iatix1n634pp9kczFtCczkbEFhKrYWDRJt6wDPE6kARFCm3seiA7H6z//wIDAQAB";

// Over a body with carriage returns that end no line, by dkimpy.
inline constexpr const char* cr_body = "one\rtwo \r\nthree \r four\t\r\r\n\r\n\r\r\n";
inline constexpr const char* signed_cr_relaxed =
    " v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com; q=dns/txt; s=test;\n"
    " t=1528637909; h=from : to : subject : date : message-id;\n"
    " bh=CHrwoFJs4nU8bcJIsK/gMcGmFfUuPZBAypZlO2L2zt8=;\n"
    " b=Wsd1NrpwwgsyYu6mrO/Pg16XTFed1m+/8SVXhIR5aalE4u8qRBZlgjB491fMlsM2tbv3N\n"
    " C7iW0yHF/eNkeBQMbiScCXNGP6U5OuLWtH+NusbXHXbCubrLo73UrcoaBNJFGnYc/bIgZFo\n"
    " dTxmmrgPjf+tfoLfX1HJ9m5JOrM+q4U=";
inline constexpr const char* signed_cr_simple =
    " v=1; a=rsa-sha256; c=relaxed/simple;\n"
    " d=football.example.com; i=@football.example.com; q=dns/txt; s=test;\n"
    " t=1528637909; h=from : to : subject : date : message-id;\n"
    " bh=A1qw1KoyVtTSuYs8stdtoGY0mld6ll7glIqMu2fLgcs=;\n"
    " b=d3xXK0I0EUsrzwyP0LJM0vrow3ac0p++Ty7fU8RgCUH7bOEbu4Dc/HTLMvyzWOoVSjoZC\n"
    " Maj1blPEcCfLqFM7UoQY++sbyChNkRDMVaF/ov7qUX9QcYyFSoPw9kqvpktMeKplYIZ3BUQ\n"
    " OvL1qvas/38Bn44PCAVqVgb3CagPTkg=";

}  // namespace mailweir::dkim_signatures
