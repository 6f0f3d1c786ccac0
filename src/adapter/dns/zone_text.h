// SPDX-License-Identifier: BSD-2-Clause
// Zone: names and their records from a text like a master file (RFC 1035 5.1), one record a line:
//
//   ; a comment
//   example.com        MX   10 mx.example.com     names are absolute; the last dot may be left out
//   example.com  300 IN TXT "v=spf1 mx -all"      TTL and class may be given
//                      A    192.0.2.1             an indented line that begins with a type belongs to the name before
//   *.lists.example    A    192.0.2.2             RFC 4592
//   "a b.example"      A    192.0.2.3             in quotes a name may have blanks, which SPF macros can make
//   192.0.2.1          PTR  mx.example.com        an address stands for its reverse name
//   null.example       MX   0 .
//   broken.example     SERVFAIL                   trouble for all types, or for those named
//   silent.example     TIMEOUT  MX TXT            a temporary error "timeout", told at once
//   $ORIGIN example.net.                          from here on, names without a last dot are below it; @ is it
//   $TTL 5m
//
// Types: A AAAA MX TXT PTR CNAME. No parentheses, no $INCLUDE.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "port/dns.h"

namespace mailweir {

struct ZoneRecord {
  dns::Record record;
  std::chrono::seconds ttl{0};
};

struct ZoneNode {
  std::vector<ZoneRecord> records;
  std::map<dns::Type, std::string> troubles;  // detail of the temporary error
};

struct Zone {
  // Names between a name and the root are there too, empty (RFC 4592 2.2.2).
  std::unordered_map<std::string, ZoneNode, TextHash, std::equal_to<>> nodes;
};

// `name` says where the text is from, in errors.
Result<Zone> parse_zone(std::string_view text, std::string_view name);

}  // namespace mailweir
