// SPDX-License-Identifier: BSD-2-Clause
// Transaction: one mail transaction (RFC 5321 3.3): from MAIL to its end. Filled by a door as the dialogue goes on;
// owned by one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mail/address.h"

namespace mailweir {

class HeaderList;

struct Transaction {
  std::string id;        // ours: short, in replies, headers and the log
  std::string queue_id;  // the MTA's, empty until it has one
  Address sender;        // absent before MAIL
  bool smtputf8 = false;
  bool xverp = false;  // XVERP of MAIL: each recipient's bounces go to an address of its own (VERP_README of Postfix)
  std::string sasl_username, sasl_method, sasl_sender;
  Address recipient;                  // the one asked about; at data and later only if exactly one was accepted
  std::uint64_t recipient_count = 0;  // accepted so far; true at data and end-of-message
  std::vector<Address> recipients;    // accepted so far, milter door only
  std::optional<std::uint64_t> declared_size;  // SIZE= of MAIL FROM
  std::optional<std::uint64_t> size;           // bytes, true; at end-of-message only
  const HeaderList* headers = nullptr;         // once the message is read, milter door only

  // Absent if there are several.
  Address only_recipient() const { return recipients.size() == 1 ? recipients.front() : Address(); }
};

}  // namespace mailweir
