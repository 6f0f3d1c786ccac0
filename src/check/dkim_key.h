// SPDX-License-Identifier: BSD-2-Clause
// DkimKeyRecord: a DKIM key in the DNS (RFC 6376 3.6.1, 6.1.2; RFC 8463), and whether it is for a signature. Pure.
#pragma once

#include <string>
#include <string_view>

#include "check/dkim_signature.h"
#include "port/dns.h"

namespace mailweir {

inline constexpr std::size_t longest_key_record = 4096;  // one of 16384 bits takes 2.8 KB

struct DkimKeyRecord {
  // Why no signature can pass with it. none: one may.
  AuthWord word = AuthWord::none;
  std::string reason;

  std::string key;       // p=, decoded
  bool testing = false;  // t=y
};

// A record's text, for a signature.
DkimKeyRecord read_dkim_key(std::string_view text, const DkimSignature& signature);
// What is found at the signature's key_name(): temperror where it could not be looked up, permerror where there is no
// key record, or several.
DkimKeyRecord find_dkim_key(const dns::Answer& answer, const DkimSignature& signature);

}  // namespace mailweir
