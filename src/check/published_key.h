// SPDX-License-Identifier: BSD-2-Clause
// Whether a DKIM key is published: what each authoritative server of its record's zone says (RFC 6376 3.6.2). A
// receiver may ask any of them, so a key should sign only when all have it. An alias (a record that is left to a hoster
// by CNAME) is followed to the servers of its target.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "port/key_source.h"
#include "port/lookups.h"

namespace mailweir {

enum class Published { yes, missing, other, revoked, unreadable, no_answer };
std::string_view to_string(Published what);

struct ServerAnswer {
  std::string server;  // its name
  IpAddress address;
  Published what = Published::no_answer;
  std::string detail;    // why, fit for the admin
  bool testing = false;  // yes: with t=y, which lets verifiers treat the message as unsigned (RFC 6376 3.6.1)
};

struct KeyPublication {
  std::string zone;                   // whose servers were asked; "" if none was found
  std::string name;                   // of the record: the key's, or what that is an alias of
  std::vector<ServerAnswer> servers;  // in the order of their names
  std::string trouble;                // why nothing could be asked
  // All that answered have it, and one did.
  bool is_everywhere() const;
};

// Asks one server, at its address, not its cache. Null: it cannot be asked.
using AskServer = std::function<dns::AnswerPtr(const IpAddress& server, const dns::Question& question)>;

KeyPublication find_publication(const DkimKey& key, Lookups& lookups, const AskServer& ask);

// What one record's texts say of a key.
ServerAnswer compare_with(const DkimKey& key, const dns::Answer& answer);

}  // namespace mailweir
